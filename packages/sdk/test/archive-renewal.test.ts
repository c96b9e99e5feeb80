/** The key of the archive is renewed when a device is removed: what was written around that moment stays, and the removed device gets no further. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationId, HawserClient } from "../src/node/index.ts";
import { archived, ArchiveWorld, complete } from "./archive-world.ts";
import { hasText, texts, until } from "./world.ts";

let world: ArchiveWorld;
beforeEach(async () => {
  world = new ArchiveWorld();
  await world.start();
});
afterEach(() => world.stop());

interface Cast {
  readonly anna: HawserClient;
  readonly bela: HawserClient;
  readonly ab: ConversationId;
  readonly ba: ConversationId;
}

/** A phone with these companions, and one message in its archive. */
async function cast(...companions: string[]): Promise<Cast> {
  const phone = await world.account("anna");
  for (const name of companions) await complete(await world.link(phone, name));
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(phone, bela);
  const anna = await world.reopened("anna");
  await anna.setArchive(true);
  await bela.sendMessage({ conversation: ba, text: "one" });
  await archived(anna, 1);
  for (const name of companions) await until(world.clients.get(name)!, async () => (await world.clients.get(name)!.archive()).on);
  return { anna, bela, ab, ba };
}
const version = (): number => Number(world.onServer("SELECT version FROM archive_heads")!["version"]);
const deviceOf = async (name: string) => (await world.clients.get(name)!.state()).self!.device;
/** Bela writes, and these have it. */
async function said({ bela, ab, ba }: Cast, text: string, ...names: string[]): Promise<void> {
  await bela.sendMessage({ conversation: ba, text });
  for (const name of names) await hasText(world.clients.get(name)!, ab, text);
}

test("heads that two companions wrote at once, just before the key was renewed, are believed and sealed anew", async () => {
  const all = await cast("laptop", "tablet", "desk");
  const desk = await deviceOf("desk");
  // A phone that has nothing to write for two minutes: it does not see what the companions write.
  const anna = await world.reopened("anna", {});
  await said(all, "two", "anna", "laptop", "tablet");
  const before = version();
  const [laptop, tablet] = await Promise.all([world.overdue("laptop"), world.overdue("tablet")]);
  for (const client of [laptop, tablet]) await until(client, async () => (await client.archive()).waiting === 0);
  expect(version()).toBeGreaterThan(before);
  expect(await world.opens(world.keyAt("laptop", 1), anna)).toBe(true);
  await anna.revokeDevice(desk);
  await until(anna, async () => world.opens(world.keyAt("anna", 2), anna));
  expect(await anna.archive()).toMatchObject({ trouble: undefined });
  expect((await anna.archive()).messages).toBeGreaterThanOrEqual(2);
  for (const client of [laptop, tablet]) expect(await client.archive()).toMatchObject({ trouble: undefined });
  // One that is linked now reads both, all others off.
  for (const name of ["laptop", "tablet"]) await world.close(name);
  const alone = await world.linkedThenAlone(await world.handingOverNothing("anna"));
  await complete(alone);
  expect(await texts(alone, all.ab)).toEqual(["one", "two"]);
}, 60_000);

test("a new device reads a head under the key before, though the phone went off between renewing the key and sealing anew; it seals when it is back", async () => {
  const all = await cast("laptop", "desk");
  const desk = await deviceOf("desk");
  let anna = await world.handingOverNothing("anna");
  await said(all, "two", "anna", "laptop");
  const laptop = await world.overdue("laptop");
  await until(laptop, async () => (await laptop.archive()).waiting === 0);
  await world.close("laptop");
  // From here on the server takes no head.
  world.onServer("CREATE TRIGGER full BEFORE INSERT ON archive_heads BEGIN SELECT RAISE(ABORT, 'full'); END");
  await anna.revokeDevice(desk);
  await until(anna, async () => world.keyAt("anna", 2) !== undefined);
  const alone = await world.linkedThenAlone(anna);
  await complete(alone);
  expect(await texts(alone, all.ab)).toEqual(["one", "two"]);
  expect(await world.opens(world.keyAt("anna", 1), alone)).toBe(true);
  world.onServer("DROP TRIGGER full");
  anna = world.open("anna");
  await until(anna, async () => world.opens(world.keyAt("anna", 2), anna));
}, 60_000);

test("what a device wrote before it was removed stays, though its phone had not seen it until then", async () => {
  const all = await cast("laptop");
  const device = await deviceOf("laptop");
  const had = world.keyAt("laptop", 1);
  const anna = await world.reopened("anna", {});
  await said(all, "two", "anna", "laptop");
  const before = version();
  const laptop = await world.overdue("laptop");
  await until(laptop, async () => (await laptop.archive()).waiting === 0 && version() > before);
  await anna.revokeDevice(device);
  await until(anna, async () => world.opens(world.keyAt("anna", 2), anna));
  expect(await anna.archive()).toMatchObject({ trouble: undefined });
  expect(await world.opens(had, anna)).toBe(false);
}, 60_000);

test("the last head of a device that was removed is believed by nobody; the archive begins anew, and lacks nothing", async () => {
  const all = await cast("laptop");
  await said(all, "two", "laptop");
  await archived(all.anna, 2);
  await world.close("anna");
  await said(all, "three", "laptop");
  const seen = world.head();
  const laptop = await world.overdue("laptop");
  const device = await deviceOf("laptop");
  const had = world.keyAt("laptop", 1);
  await until(laptop, async () => (await laptop.archive()).waiting === 0);
  const unseen = world.head();
  expect(unseen).not.toEqual(seen);
  // The server shows the phone what the removed device wrote only after it was removed.
  world.onServer("UPDATE archive_heads SET head = ? RETURNING version", seen);
  let anna = await world.reopened("anna", {});
  await hasText(anna, all.ab, "three");
  await until(anna, async () => (await anna.archive()).messages === 2);
  world.onServer("CREATE TRIGGER full BEFORE INSERT ON archive_heads BEGIN SELECT RAISE(ABORT, 'full'); END");
  await anna.revokeDevice(device);
  await until(anna, async () => world.keyAt("anna", 2) !== undefined);
  await world.close("anna");
  world.onServer("DROP TRIGGER full");
  world.onServer("UPDATE archive_heads SET head = ? RETURNING version", unseen);
  const begun = (): boolean => !world.keyAt("anna", 2);
  anna = world.open("anna");
  await until(anna, async () => (await anna.archive()).trouble === "stale-key");
  // Not at once: another device may have seen that head when its writer was still in the list.
  expect(begun()).toBe(false);
  anna = await world.reopened("anna");
  await until(anna, async () => begun());
  await until(anna, async () => (await anna.archive()).waiting === 0 && (await anna.archive()).messages === 3);
  expect(await world.opens(had, anna)).toBe(false);
  const alone = await world.linkedThenAlone(await world.handingOverNothing("anna"));
  await complete(alone);
  expect(await texts(alone, all.ab)).toEqual(["one", "two", "three"]);
}, 60_000);

test("a phone whose store was put back hears of the archive from its companion; with nobody there it begins another in place of the one it forgot", async () => {
  const all = await cast("laptop", "desk");
  const desk = await deviceOf("desk");
  const file = join(world.folder, "anna", "client.db");
  await world.close("anna");
  const copy = readFileSync(file);
  const putBack = async (): Promise<void> => {
    await world.close("anna");
    for (const suffix of ["-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    writeFileSync(file, copy);
  };
  // Switched off and on since: its keys are others.
  let anna = await world.reopened("anna");
  await anna.setArchive(false);
  await anna.setArchive(true);
  await said(all, "two", "anna", "laptop");
  await archived(anna, 2);
  const key = world.keyAt("anna", 1)!;
  await until(world.clients.get("laptop")!, async () => Buffer.from(world.keyAt("laptop", 1) ?? []).equals(key));
  await putBack();
  expect(Buffer.from(world.keyAt("anna", 1)!).equals(key)).toBe(false);
  anna = await world.reopened("anna");
  const isWell = async (): Promise<boolean> => {
    const { trouble, waiting } = await anna.archive();
    return trouble === undefined && waiting === 0;
  };
  await until(anna, async () => Buffer.from(world.keyAt("anna", 1) ?? []).equals(key) && isWell());

  await anna.revokeDevice(desk);
  await until(anna, async () => world.opens(world.keyAt("anna", 2), anna));
  await world.close("laptop");
  await putBack();
  anna = await world.reopened("anna");
  await until(anna, async () => (await world.opens(world.keyAt("anna", 1), anna)) && isWell());
}, 90_000);

test("a companion that knows of a removal and not of the new key seals nothing; with the key it does", async () => {
  const all = await cast("laptop", "desk");
  const desk = await deviceOf("desk");
  await said(all, "two", "laptop");
  await archived(all.anna, 2);
  // It has seen a head of this archive.
  const first = await world.overdue("laptop");
  await until(first, async () => (await first.archive()).messages > 0);
  await world.close("laptop");
  const anna = await world.reopened("anna", {});
  await anna.revokeDevice(desk);
  await until(anna, async () => world.opens(world.keyAt("anna", 2), anna));
  await world.close("anna");
  // The message with the key is lost.
  await world.server.stop();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(world.folder, "server", `mailbox.db${suffix}`), { force: true });
  await world.start();
  await world.reopened("laptop", {});
  await said(all, "three", "laptop");
  const [before, sealed] = [version(), world.head()];
  const laptop = await world.overdue("laptop");
  await until(laptop, async () => (await laptop.archive()).trouble !== undefined || version() > before);
  expect(world.head()).toEqual(sealed);
  expect(world.keyAt("laptop", 2)).toBeUndefined();
  world.open("anna");
  await until(laptop, async () => world.keyAt("laptop", 2) !== undefined);
  await until(laptop, async () => version() > before && (await laptop.archive()).trouble === undefined);
  expect(await world.opens(world.keyAt("laptop", 2), laptop)).toBe(true);
}, 60_000);
