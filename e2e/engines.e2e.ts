/**
 * The same story on every engine, each once as the phone and once as the companion: sign up, link in each of the three ways, history,
 * chats both ways, a second tab, a dead network, a reload, and a removal that says who and when.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { CanvasCamera } from "./harness/engines/canvas-camera.ts";
import type { EngineName } from "./harness/engines/profile.ts";
import { startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen, pictureOfCode } from "./harness/read-code.ts";
import { chatExport, REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say } from "./harness/words.ts";

const PAIRS: readonly { readonly phone: EngineName; readonly companion: EngineName }[] = [
  { phone: "webkit", companion: "chromium" },
  { phone: "firefox", companion: "webkit" },
  { phone: "chromium", companion: "firefox" },
];
/** Where each engine keeps the messages; WebKitGTK has no synchronous file handles. */
const STORAGE = { chromium: "storage.kind.opfs", firefox: "storage.kind.opfs", webkit: "storage.kind.indexeddb" } as const;
const HISTORY = 400;

type Link = (phone: PhoneApp, companion: CompanionApp) => Promise<void>;

const byCamera: Link = async (phone, companion) => {
  await phone.goTo("devices");
  const camera = await CanvasCamera.on(phone.page);
  await companion.codeIsShown();
  await phone.startScan();
  const code = await camera.pointAt(companion.page, () => phone.matchCode());
  expect(await companion.matchCode()).toBe(code);
};

const byPasting: Link = async (phone, companion) => {
  await phone.pasteCode(await codeOnScreen(companion.page));
  expect(await companion.matchCode()).toBe(await phone.matchCode());
};

const byPicture =
  (path: string): Link =>
  async (phone, companion) => {
    writeFileSync(path, (await pictureOfCode(companion.page)).png);
    await phone.openCodeFromPicture(path);
    expect(await companion.matchCode()).toBe(await phone.matchCode());
  };

const storageNote = async (app: PhoneApp | CompanionApp, engine: EngineName): Promise<void> => {
  await app.goTo("settings");
  await app.page.getByText(say(STORAGE[engine])).waitFor();
  await app.goTo("chats");
};

for (const { phone: phoneEngine, companion: companionEngine } of PAIRS) {
  scenario(
    `a phone in ${phoneEngine}, a companion in ${companionEngine}`,
    async (world) => {
      const tap = await WireTap.open();
      world.atEnd(() => tap.close());
      const server = await world.startServer({ origin: tap.origin });
      tap.forwardTo(server.port);
      const phoneProfile = await world.engine(phoneEngine, { name: "phone", screen: "phone" });
      const companionProfile = await world.engine(companionEngine, { name: "companion", screen: "desktop" });
      for (const profile of [phoneProfile, companionProfile]) profile.expectFault(SERVER_GONE);

      const phone: PhoneApp = await PhoneApp.open(await phoneProfile.page(), server.url);
      await phone.signUp({ handle: "elif", name: "Elif Kaya" });
      const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count: HISTORY });
      await phone.importChat(deniz, "Elif Kaya");
      await storageNote(phone, phoneEngine);

      // Twice removed again: each way of linking is gone to its end, and each end says who and when.
      let companion: CompanionApp = await CompanionApp.open(await companionProfile.page(), server.url);
      const phoneName = await phone.deviceName();
      for (const link of [byPicture(join(world.folder, "code.png")), byPasting]) {
        await link(phone, companion);
        await phone.confirmLink();
        await companion.chats.isReady();
        await phone.revokeCompanion();
        const notice = await companion.revokedNotice();
        expect(notice).toContain(phoneName);
        expect(notice).toMatch(/\d{1,2}:\d{2}/);
        await companion.linkAgain();
      }
      await byCamera(phone, companion);
      await phone.confirmLink();
      expect(await phone.deviceCount()).toBe(2);

      // History: all of it, in order.
      await companion.chats.waitForTitles(["Deniz"]);
      await until("the history is complete", async () => (await companion.historyShare()) === undefined, 30_000);
      await companion.chats.open("Deniz");
      expect(await companion.chats.lastTexts(3)).toEqual(deniz.lines.slice(-3).map((line) => line.text));
      await companion.chats.search(deniz.lines[0]!.text);
      await companion.chats.opensHit(deniz.lines[0]!.text);
      await companion.chats.leave();
      await storageNote(companion, companionEngine);

      // Both ways, with somebody else.
      const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
      await phone.addContact("mert", "Mert");
      await phone.chats.send(REAL_TEXTS[400]!);
      await friend.receives(REAL_TEXTS[400]!);
      await companion.chats.open("Mert");
      await companion.chats.sees(REAL_TEXTS[400]!);
      await companion.chats.send(REAL_TEXTS[401]!);
      await friend.receives(REAL_TEXTS[401]!);
      await phone.chats.sees(REAL_TEXTS[401]!);
      await friend.readsAll();
      await companion.chats.showsStatus(REAL_TEXTS[401]!, "read");
      await phone.chats.showsStatus(REAL_TEXTS[401]!, "read");

      // The network goes and comes back: said, queued, delivered once.
      tap.cut();
      await companion.isOffline();
      await companion.chats.enter(REAL_TEXTS[402]!);
      await companion.chats.showsStatus(REAL_TEXTS[402]!, "queued");
      tap.mend();
      await friend.receives(REAL_TEXTS[402]!);
      await friend.sends(REAL_TEXTS[403]!);
      for (const app of [companion, phone]) {
        await app.chats.sees(REAL_TEXTS[402]!);
        await app.chats.sees(REAL_TEXTS[403]!);
      }

      // A second tab; the first goes, and the second does the work.
      const first = companion.page;
      companion = await CompanionApp.open(await companionProfile.newPage(), server.url);
      await companion.chats.open("Mert");
      await first.close();
      await companion.chats.send(REAL_TEXTS[404]!);
      await friend.receives(REAL_TEXTS[404]!);

      for (const app of [companion, phone]) {
        await app.page.reload();
        await app.chats.open("Mert");
        await app.chats.sees(REAL_TEXTS[404]!);
      }
      expect(friend.received).toEqual([400, 401, 402, 404].map((index) => REAL_TEXTS[index]));
    },
    [phoneEngine, companionEngine],
  );
}
