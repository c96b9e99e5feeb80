/** The instrument itself: on one page, every engine finds and does what Playwright finds and does in Chromium. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { scenario } from "../scenario.ts";
import { until } from "../until.ts";
import type { AppPage } from "./app-page.ts";

const PAGE = `<!doctype html><title>page</title>
<h1>Things</h1><h2>More things</h2>
<nav aria-label="Places"><a href="#a">Harbour <b>old</b></a> <a href="#b">Sea</a></nav>
<button onclick="this.dataset.trusted = event.isTrusted">Press me</button>
<button hidden>Press me too</button><div style="visibility: hidden"><button>Press me never</button></div>
<label>Your name <input id="name" oninput="document.title = this.value"></label>
<input placeholder="Search here"><select aria-label="Colour"><option value="r">Red</option><option value="b">Blue</option></select>
<ul><li><i>one</i> rope</li><li><i>two</i> ropes</li><li aria-hidden="true">three ropes</li></ul>
<img alt="A ship" width="10" height="10"><svg role="img" aria-label="A knot" width="10" height="10"></svg>
<input type="file" onchange="this.files[0].text().then((text) => (this.title = this.files[0].name + ': ' + text))">
<div style="height: 3000px"></div><button id="far" onclick="this.dataset.pressed = 'yes'">Far away</button>`;

async function findings(page: AppPage): Promise<Record<string, unknown>> {
  await page.getByRole("button", { name: "press me", exact: false }).click();
  await page.getByLabel("Your name").fill("Élif Şğ 👋");
  await page.getByRole("combobox", { name: "Colour" }).selectOption("b");
  await page.locator("input[type=file]").setInputFiles({ name: "a note.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await until("the file was read", async () => (await page.locator("input[type=file]").getAttribute("title")) !== null);
  await page.getByRole("button", { name: "Far away" }).click();
  return {
    headings: await page.getByRole("heading", { name: "things" }).allInnerTexts(),
    first: await page.getByRole("heading", { level: 1 }).innerText(),
    exact: await page.getByRole("heading", { name: "Things", exact: true }).count(),
    links: await page.getByRole("navigation", { name: "Places" }).getByRole("link").allInnerTexts(),
    named: await page.getByRole("link", { name: /^Harbour old$/ }).count(),
    buttons: await page.getByRole("button").count(),
    trusted: await page.getByRole("button", { name: "Press me" }).getAttribute("data-trusted"),
    typed: await page.getByLabel("Your name").inputValue(),
    heard: await page.evaluate(() => document.title),
    chosen: await page.getByLabel("Colour").inputValue(),
    placeholder: await page.getByPlaceholder("search here").count(),
    items: await page.getByRole("listitem").allInnerTexts(),
    having: await page
      .locator("li")
      .filter({ has: page.getByText("two", { exact: true }) })
      .innerText(),
    without: await page.locator("li").filter({ hasText: "rope" }).filter({ hasNotText: "ropes" }).count(),
    last: await page.locator("li i").last().innerText(),
    images: await page.getByRole("img").count(),
    file: await page.locator("input[type=file]").getAttribute("title"),
    far: await page.locator("#far").getAttribute("data-pressed"),
    isHidden: await page.getByText("Press me never").isVisible(),
    isMissing: await page.getByText("nothing of this kind").count(),
    strict: await page
      .getByRole("link")
      .click({ timeout: 1_000 })
      .then(
        () => "pressed one of two",
        () => "refused",
      ),
  };
}

for (const engine of ["firefox", "webkit"] as const) {
  scenario(
    `${engine} finds and does what Chromium does`,
    async (world) => {
      const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(PAGE));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      world.atEnd(() => void server.close());
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const seen: Record<string, unknown>[] = [];
      for (const name of ["chromium", engine] as const) {
        const page = await (await world.engine(name, { name, screen: "phone" })).page();
        await page.goto(origin);
        seen.push(await findings(page));
      }
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[0]).toMatchObject({ buttons: 3, trusted: "true", items: ["one rope", "two ropes"], isMissing: 0, strict: "refused" });
    },
    ["chromium", engine],
  );
}
