/** A new computer whose phone is switched off from the approval on: its whole history comes from the encrypted archive. */
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { chatExport } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say, wording } from "./harness/words.ts";

const UPLOADS = /^(PUT|PATCH) \/v1\/blobs\//;
/** The archive's writer does not wait with so many. */
const MANY = 2_600;

scenario("the archive is switched on, the phone goes off right after the approval, and everything is there", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);
  const phoneProfile = await world.phone();
  const phone = await PhoneApp.open(await phoneProfile.page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count: MANY });
  await phone.importChat(deniz, "Elif Kaya");

  await phone.goTo("settings");
  await phone.page.getByLabel(say("archive.switch")).click();
  await phone.page.getByText(/^2,60\d messages archived up to/).waitFor({ timeout: 30_000 });
  expect(await phone.page.getByText(wording("archive.trouble")).count()).toBe(0);

  const companionProfile = await world.companion();
  const companion = await CompanionApp.open(await companionProfile.page(), server.url);
  await phone.startScan();
  await world.camera.pointAt(companion.page, () => phone.matchCode());
  // Not one chunk leaves the phone from here on.
  tap.hold(UPLOADS, 0);
  await phone.confirmLink();
  await companion.chats.waitForTitles(["Deniz"]);
  await phoneProfile.close();
  await until("the history is complete", async () => (await companion.historyShare()) === undefined, 60_000);
  await companion.chats.search(deniz.lines[0]!.text);
  await companion.chats.opensHit(deniz.lines[0]!.text);
  await companion.chats.sees(deniz.lines[1]!.text);
});
