/** A link without a camera, and with a terminal on either side. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen, pictureOfCode } from "./harness/read-code.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { renderTerminal, Terminal } from "./harness/terminal.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

async function signedUp(world: World): Promise<{ url: string; phone: PhoneApp }> {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  return { url: server.url, phone };
}

scenario("a picture of the code, then a pasted link, each link a browser", async (world) => {
  const { url, phone } = await signedUp(world);
  const first = await CompanionApp.open(await (await world.companion({ name: "first" })).page(), url);
  const picture = join(world.folder, "code.png");
  writeFileSync(picture, (await pictureOfCode(first.page)).png);
  await phone.openCodeFromPicture(picture);
  expect(await first.matchCode()).toBe(await phone.matchCode());
  await phone.confirmLink();
  await first.chats.isReady();

  const second = await CompanionApp.open(await (await world.companion({ name: "second" })).page(), url);
  await phone.pasteCode(await codeOnScreen(second.page));
  expect(await second.matchCode()).toBe(await phone.matchCode());
  await phone.confirmLink();
  await second.chats.isReady();
  expect(await phone.deviceCount()).toBe(3);
});

scenario("linking is down at this server: another node relays the link", async (world) => {
  const home = await world.startServer();
  const node = await world.startServer({ linkFor: [home.url] });
  await home.stop();
  await home.start({ linkNodes: [node.url], outOfService: ["rendezvous"] });
  const phone = await PhoneApp.open(await (await world.phone()).page(), home.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion()).page(), home.url);
  await phone.pasteCode(await codeOnScreen(companion.page));
  expect(await companion.matchCode()).toBe(await phone.matchCode());
  await phone.confirmLink();
  await companion.chats.isReady();
  expect(companion.page.url()).toBe(`${home.url}/`);
});

scenario("letters: a wrong one is said, the new ones link", async (world) => {
  const { url, phone } = await signedUp(world);
  const companion = await CompanionApp.open(await (await world.companion()).page(), url);
  const letters = await companion.letters();
  await phone.startScan();
  await phone.typeCode(letters.slice(0, -1) + (letters.endsWith("7") ? "8" : "7"));
  await phone.page.getByText(say("error.CODE_WRONG")).waitFor();
  // Twice in a row: the same again is not all that is offered.
  await phone.retypeCode("ZZZZ-ZZZZ");
  await phone.page.locator('a[href^="/diagnosis"]').waitFor();
  const fresh = await until("new letters", async () => {
    const text = (await companion.page.locator(".typed-letters").innerText()).trim();
    return text === letters || text.includes("·") ? undefined : text;
  });
  await phone.retypeCode(fresh.toLowerCase().replace("-", " "));
  expect(await companion.matchCode()).toBe(await phone.matchCode());
  await phone.confirmLink();
  await companion.chats.isReady();
});

scenario("the companion's camera reads the code that the phone shows", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.companion({ name: "phone", screen: "phone" })).page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const companion = await CompanionApp.open(await (await world.companion({ name: "desk", camera: world.camera })).page(), server.url);
  await phone.showCode();
  await companion.readPhone();
  const code = await world.camera.pointAt(phone.page, () => companion.matchCode());
  expect(await phone.matchCode()).toBe(code);
  await phone.confirmLink();
  await companion.chats.isReady();
});

scenario("the link behind the phone's code, opened in a browser", async (world) => {
  const { url, phone } = await signedUp(world);
  await phone.showCode();
  const page = await (await world.companion()).page();
  await page.goto(await codeOnScreen(phone.page));
  const companion = CompanionApp.on(page);
  expect(await companion.matchCode()).toBe(await phone.matchCode());
  expect(page.url()).toBe(`${url}/`);
  await phone.confirmLink();
  await companion.chats.isReady();
});

scenario("the phone's camera reads the code that a terminal printed", async (world) => {
  const { url, phone } = await signedUp(world);
  const profile = join(world.folder, "terminal");
  const terminal = new Terminal(["link", "--profile", profile, "--server", url, "--device-name", "Build server"]);
  world.atEnd(() => terminal.close());
  await terminal.sees(/[▀▄█]{10}/);
  const screen = await (await world.companion({ name: "monitor" })).page();
  await renderTerminal(screen, terminal.output);
  await phone.startScan();
  const code = await world.camera.pointAt(screen, () => phone.matchCode());
  await terminal.sees(new RegExp(code.replace(" ", "\\s")));
  await phone.confirmLink();
  await terminal.ends();

  const friend = await startFriend(world, url, { handle: "mert", name: "Mert" });
  await new Terminal(["send", "--profile", profile, "mert", REAL_TEXTS[20]!]).ends();
  await friend.receives(REAL_TEXTS[20]!);
});

scenario("a terminal phone approves a browser", async (world) => {
  const server = await world.startServer();
  const profile = join(world.folder, "terminal");
  await new Terminal(["account", "create", "elif", "--profile", profile, "--server", server.url, "--name", "Elif"]).ends();
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  const approve = new Terminal(["approve", "--profile", profile, await codeOnScreen(companion.page)]);
  world.atEnd(() => approve.close());
  const [code] = await approve.sees(/\d{3} \d{3}/);
  expect(await companion.matchCode()).toBe(code);
  approve.type("yes");
  await approve.ends();
  await companion.chats.isReady();
});
