/**
 * The main job, as a newcomer does it: a phone signs up and imports its chats, a browser is linked by pointing the phone's camera at
 * its screen, history appears, two people chat, the browser is reloaded in the middle, and in the end it is removed from the phone.
 */
import { join } from "node:path";
import { expect } from "vitest";
import { findOnDisk, storedSecrets } from "./harness/browser-disk.ts";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { chatExport, REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";

const HISTORY_CHUNK = /^GET \/v1\/blobs\//;
/** More than the chunks of history that are fetched side by side hold. */
const MANY = 2_600;

scenario("a phone and a browser: sign up, import, scan, history, chat, reload, revoke", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);

  const phoneProfile = await world.phone();
  const phone = await PhoneApp.open(await phoneProfile.page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });

  const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count: MANY });
  const aylin = chatExport({ self: "Elif Kaya", other: "Aylin", count: MANY, from: MANY, lastAtMs: Date.UTC(2025, 9, 3, 9, 0) });
  await phone.importChat(deniz, "Elif Kaya");
  await phone.importChat(aylin, "Elif Kaya");
  await phone.chats.waitForTitles(["Deniz", "Aylin"]);

  // The camera sees the companion's screen, and nothing else tells the phone the code.
  const companionProfile = await world.companion();
  const companion = await CompanionApp.open(await companionProfile.page(), server.url);
  // One passes: what shows of the history is that chunk, and it is committed.
  tap.hold(HISTORY_CHUNK, 1);
  await phone.startScan();
  const onPhone = await world.camera.pointAt(companion.page, () => phone.matchCode());
  expect(onPhone).toMatch(/^\d{3} \d{3}$/);
  expect(await companion.matchCode()).toBe(onPhone);
  await phone.confirmLink();

  // Chats are there at once; the rest is under way, and held back in the middle.
  await companion.chats.waitForTitles(["Deniz", "Aylin"]);
  const before = await until("a part of the history has arrived", async () => {
    const share = await companion.historyShare();
    return share !== undefined && share > 0 ? share : undefined;
  });
  expect(before).toBeLessThan(100);
  const fetchedBefore = tap.requests.filter((request) => HISTORY_CHUNK.test(request)).slice(0, 1);

  companionProfile.expectFault(SERVER_GONE);
  await companion.page.reload();
  await companion.chats.waitForTitles(["Deniz", "Aylin"]);
  const after = await until("the share is shown again", () => companion.historyShare());
  expect(after).toBeGreaterThanOrEqual(before);
  tap.release();
  await until("the history is complete", async () => (await companion.historyShare()) === undefined, 30_000);
  const fetched = tap.requests.filter((request) => HISTORY_CHUNK.test(request));
  for (const request of fetchedBefore) expect(fetched.filter((other) => other === request)).toHaveLength(1);

  // All of it, in order, to the first line of each chat.
  await companion.chats.open("Deniz");
  expect(await companion.chats.lastTexts(3)).toEqual(deniz.lines.slice(-3).map((line) => line.text));
  await companion.chats.scrollUpTo(deniz.lines.at(-200)!.text);
  for (const { lines } of [deniz, aylin]) {
    await companion.chats.search(lines[0]!.text);
    await companion.chats.opensHit(lines[0]!.text);
    await companion.chats.sees(lines[1]!.text);
  }

  // Both ways, with somebody else.
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  await phone.addContact("mert", "Mert");
  await phone.chats.send(REAL_TEXTS[10]!);
  await friend.receives(REAL_TEXTS[10]!);
  await companion.chats.open("Mert");
  await companion.chats.sees(REAL_TEXTS[10]!);
  await companion.chats.send(REAL_TEXTS[11]!);
  await friend.receives(REAL_TEXTS[11]!);
  await phone.chats.sees(REAL_TEXTS[11]!);
  await friend.readsAll();
  await companion.chats.showsStatus(REAL_TEXTS[11]!, "read");
  await phone.chats.showsStatus(REAL_TEXTS[11]!, "read");

  // Read on one device, read on the other.
  await phone.chats.leave();
  await companion.chats.open("Deniz");
  await friend.sends(REAL_TEXTS[12]!);
  await phone.chats.showsUnread("Mert", 1);
  await companion.chats.showsUnread("Mert", 1);
  await companion.chats.open("Mert");
  await companion.chats.sees(REAL_TEXTS[12]!);
  await phone.chats.showsUnread("Mert", 0);

  // One message of 5,200.
  const rare = deniz.lines[Math.floor(MANY / 3)]!.text;
  await companion.chats.search(rare);
  await companion.chats.opensHit(rare);

  // Removed from the phone: says who and when, and leaves no key behind.
  const profileDir = join(world.folder, "browser-companion");
  const secrets = storedSecrets(profileDir);
  const texts = [{ name: "a message", bytes: Buffer.from(rare) }];
  expect(findOnDisk(profileDir, secrets).length).toBeGreaterThanOrEqual(secrets.length);
  expect(findOnDisk(profileDir, texts)).not.toEqual([]);
  const phoneName = await phone.deviceName();
  await phone.revokeCompanion();
  const notice = await companion.revokedNotice();
  expect(notice).toContain(phoneName);
  expect(notice).toMatch(/\d{1,2}:\d{2}/);
  await companionProfile.close();
  expect(findOnDisk(profileDir, [...secrets, ...texts])).toEqual([]);
});
