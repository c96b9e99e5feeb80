/** A phone whose system stops the app in the middle of an upload says so by a notification of its own, which leads back and goes again. */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { chatExport } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { CATALOGUES, say } from "./harness/words.ts";

const UPLOAD = /^(POST|PUT|PATCH) \/v1\/blobs/;
const MANY = 2_600;

scenario("an upload that stands still in the background: told in words that name nobody, and only while it does", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);
  const profile = await world.phone();
  profile.expectFault(SERVER_GONE);
  const opened = await profile.page();
  const context = opened.context();
  const session = await context.newCDPSession(opened);
  const { origin } = new URL(server.url);
  // Without a window there is nobody to be asked, and it counts as refused.
  await session.send("Browser.setPermission", { permission: { name: "notifications" }, setting: "prompt", origin });
  const phone = await PhoneApp.open(opened, server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count: MANY });
  await phone.importChat(deniz, "Elif Kaya");
  const { page } = phone;
  const offer = page.getByRole("button", { name: say("resume.offer") });
  expect(await offer.count()).toBe(0);

  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  tap.hold(UPLOAD, 1);
  await phone.pasteCode(await codeOnScreen(companion.page));
  await phone.confirmLink();
  await phone.goTo("chats");

  const worker = context.serviceWorkers()[0]!;
  const shown = (): Promise<{ title: string; body: string }[]> =>
    worker.evaluate(async () => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration };
      return (await registration.getNotifications()).map(({ title, body }) => ({ title, body }));
    });
  // Chromium never freezes a page that is in sight, and whoever drives it keeps it there: the page is told by us what the browser tells it.
  const tell = (event: string): Promise<boolean> => page.evaluate((name) => document.dispatchEvent(new Event(name)), event);
  const stop = () => tell("freeze");
  const goOn = () => tell("resume");

  // Nobody has agreed to it yet.
  await offer.waitFor();
  await stop();
  expect(await shown()).toEqual([]);
  await goOn();
  await context.grantPermissions(["notifications"], { origin });
  await offer.click();
  await until("the offer is taken", async () => (await offer.count()) === 0);

  await stop();
  const words = CATALOGUES.en;
  await until("it is told", async () => (await shown()).length > 0);
  expect(await shown()).toEqual([{ title: words["resume.uploadTitle"], body: words["resume.uploadText"] }]);
  await goOn();
  await until("it is over when the app is in front", async () => (await shown()).length === 0);

  tap.release();
  await companion.chats.waitForTitles(["Deniz"]);
  await until("the upload is done", async () => (await page.getByText(say("history.sending")).count()) === 0, 60_000);
  // Nothing stands still any more. What the page showed before this one would be there with it.
  await stop();
  await page.evaluate(async () => (await navigator.serviceWorker.ready).showNotification("the last", { tag: "the last" }));
  await until("it is there", async () => (await shown()).length > 0);
  expect((await shown()).map(({ title }) => title)).toEqual(["the last"]);
});
