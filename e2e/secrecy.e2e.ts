/** What two people write to each other is nowhere on the server's side: not in a file, not in a log, not in a frame. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { CompanionApp } from "./harness/companion-app.ts";
import { startFriend } from "./harness/friend.ts";
import { filesBelow, findInFiles, findShapes } from "./harness/needle.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { chatExport } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { WireTap } from "./harness/wire-tap.ts";

const SENT = "zurna-7d1c the anchor lies under the third pier";
const ANSWERED = "kaval-93fe şemsiyeyi kapının arkasında bırak";
const IMPORTED = "Oboe-51aa meet me where the ferry used to stop";
const DRAFTED = "neyzen-0b44 I never sent this";
const DEVICE = "Tuning Fork 8c2";

scenario("a canary text is in no store, log, frame or request", async (world) => {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await phone.signUp({ handle: "canarybird", name: "Elif Kaya" });
  const history = chatExport({ self: "Elif Kaya", other: "Deniz", count: 300 });
  const withCanary = Buffer.from(history.content.toString("utf8").replace(history.lines[250]!.text, IMPORTED));
  await phone.importChat({ ...history, content: withCanary }, "Elif Kaya");

  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await phone.startScan();
  await world.camera.pointAt(companion.page, () => phone.matchCode());
  await phone.confirmLink();
  await companion.chats.isReady();
  await phone.renameCompanion(DEVICE);
  await companion.goTo("devices");
  await companion.page.getByText(DEVICE).waitFor();
  await companion.goTo("chats");
  await companion.chats.open("Deniz");
  await companion.chats.search(IMPORTED);
  await companion.chats.opensHit(IMPORTED);

  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  await phone.addContact("mert", "Mert");
  await phone.chats.send(SENT);
  await friend.receives(SENT);
  await companion.chats.open("Mert");
  await companion.chats.sees(SENT);
  await friend.sends(ANSWERED);
  await companion.chats.sees(ANSWERED);
  await phone.chats.sees(ANSWERED);
  await companion.chats.enterWithoutSending(DRAFTED);
  await companion.chats.open("Deniz");
  await companion.chats.showsDraft("Mert", DRAFTED);

  const whileRunning = join(world.folder, "copy-while-running");
  mkdirSync(whileRunning);
  for (const [index, path] of filesBelow(server.options.dataDir).entries()) copyFileSync(path, join(whileRunning, `${index}`));
  await server.stop();

  const dataDir = server.options.dataDir;
  for (const canary of [SENT, ANSWERED, IMPORTED, DRAFTED, DEVICE]) {
    expect(findShapes(tap.sent, canary), `sent: ${canary}`).toEqual([]);
    expect(findShapes(tap.received, canary), `received: ${canary}`).toEqual([]);
    expect(findShapes(Buffer.from(server.log), canary), `logged: ${canary}`).toEqual([]);
    expect(findInFiles(dataDir, canary), `stored: ${canary}`).toEqual([]);
    expect(findInFiles(whileRunning, canary), `stored while running: ${canary}`).toEqual([]);
  }

  // The search would have found them: a handle is public, and is found in frames and on disk; what is planted is found.
  expect(findShapes(tap.sent, "canarybird")).toContain("UTF-8");
  expect(findInFiles(dataDir, "canarybird")).not.toEqual([]);
  writeFileSync(join(dataDir, "planted"), Buffer.from(SENT).toString("hex"));
  expect(findInFiles(dataDir, SENT)).toEqual(["planted: hex"]);
});
