/** The encrypted archive against a real server: it gives a whole history without a device that is awake, and never takes one away. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { archived, ArchiveWorld, ARCHIVIST, complete } from "./archive-world.ts";
import { count, dying, importChat } from "./long-history.ts";
import { hasText, quick, texts, until } from "./world.ts";

let world: ArchiveWorld;
beforeEach(async () => {
  world = new ArchiveWorld();
  await world.start();
});
afterEach(() => world.stop());

/** A phone with a companion, that writes its archive quickly from here on. */
async function phoneWith(companion: string): Promise<{ readonly phone: HawserClient; readonly other: HawserClient }> {
  const other = await world.link(await world.account("anna"), companion);
  await complete(other);
  return { phone: await world.reopened("anna"), other };
}

test("a new companion whose phone is off from the approval on gets everything from the archive", async () => {
  let anna = await world.account("anna", ARCHIVIST);
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const chat = await importChat(anna, 2_600);
  expect(await anna.archive()).toMatchObject({ on: false, messages: 0 });
  await anna.setArchive(true);
  await archived(anna, 2_600);
  await bela.sendMessage({ conversation: ba, text: "later" });
  await hasText(anna, ab, "later");
  await archived(anna, 2_601);
  for (const path of readdirSync(join(world.folder, "server"), { recursive: true, encoding: "utf8" })) {
    const file = join(world.folder, "server", path);
    if (statSync(file).isFile())
      for (const canary of ["later", "Ekrem", "line 1"]) expect(readFileSync(file).includes(canary), path).toBe(false);
  }
  anna = await world.handingOverNothing("anna");
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(2_600);
  expect(await texts(laptop, ab)).toEqual(["later"]);
  // What was read when it was archived is not unread on a new device.
  expect((await laptop.conversation(chat))?.unread).toBe(0);
  expect((await laptop.conversation(chat))?.historyComplete).toBe(true);
  expect(await laptop.archive()).toMatchObject({ on: true, messages: 2_601, trouble: undefined });
}, 90_000);

test("off deletes it from the server, on begins a new one; a companion cannot do either, and follows", async () => {
  const { phone: anna, other: laptop } = await phoneWith("laptop");
  await importChat(anna, 700);
  await expect(laptop.setArchive(true)).rejects.toMatchObject({ code: "WRONG_ROLE" });
  await anna.setArchive(true);
  await archived(anna, 700);
  await until(laptop, async () => (await laptop.archive()).on);
  const blobs = new DatabaseSync(join(world.folder, "server", "blobs.db"));
  const stored = (): number =>
    Number(blobs.prepare("SELECT count(*) AS n FROM blobs WHERE purpose = 3 AND length(account) > 0").get()!["n"]);
  expect(stored()).toBeGreaterThan(0);
  await anna.setArchive(false);
  await until(anna, async () => stored() === 0);
  expect(blobs.prepare("SELECT length(head) AS n FROM archive_heads").get()).toEqual({ n: 0 });
  await until(laptop, async () => !(await laptop.archive()).on);
  expect(await anna.archive()).toMatchObject({ on: false, messages: 0, waiting: 0 });
  await anna.setArchive(true);
  await archived(anna, 700);
  blobs.close();
}, 60_000);

test("the writer is stopped at every upload and goes on: no hole, and nothing is written that nobody can read", async () => {
  let anna = await world.account("anna", ARCHIVIST);
  const chat = await importChat(anna, 5_200);
  await anna.setArchive(true);
  for (let uploads = 0; uploads < 5; uploads++) {
    await world.close("anna");
    const cut = dying(uploads % 3);
    anna = world.open("anna", { ...ARCHIVIST, http: cut.http });
    await cut.dead;
  }
  await world.close("anna");
  anna = world.open("anna", ARCHIVIST);
  await archived(anna, 5_200);
  anna = await world.handingOverNothing("anna");
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(5_200);
}, 90_000);

test("an older head, another one, none: each is said by its name, nothing is overwritten, and new devices ask the others", async () => {
  const { phone, other: desk } = await phoneWith("desk");
  let anna = phone;
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.setArchive(true);
  await bela.sendMessage({ conversation: ba, text: "one" });
  await archived(anna, 1);
  const old = world.onServer("SELECT head FROM archive_heads")!["head"] as Uint8Array;
  await bela.sendMessage({ conversation: ba, text: "two" });
  await hasText(desk, ab, "two");
  await archived(anna, 2);
  for (const trouble of ["rolled-back", "unreadable", "withheld"] as const) {
    const newest = world.onServer("SELECT head FROM archive_heads")!["head"] as Uint8Array;
    const damaged = newest.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
    const head = { "rolled-back": old, unreadable: damaged, withheld: new Uint8Array(0) }[trouble];
    world.onServer("UPDATE archive_heads SET head = ? RETURNING version", head);
    await bela.sendMessage({ conversation: ba, text: trouble });
    await until(anna, async () => (await anna.archive()).trouble === trouble);
    expect(world.onServer("SELECT head FROM archive_heads")!["head"]).toEqual(new Uint8Array(head));
    await hasText(desk, ab, trouble);
    // The right one is believed again, and what waited is added to it.
    world.onServer("UPDATE archive_heads SET head = ? RETURNING version", newest);
    await world.close("anna");
    anna = world.open("anna", ARCHIVIST);
    await until(anna, async () => (await anna.archive()).waiting === 0);
  }
  // The device that is linked now knows the number of the newest head from the phone: an older one is no history for it.
  anna = await world.handingOverNothing("anna");
  world.onServer("UPDATE archive_heads SET head = ? RETURNING version", old);
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  expect(await texts(laptop, ab)).toEqual(await texts(desk, ab));
}, 90_000);

test("chunks that are gone or damaged: what is left comes, the rest comes from another device", async () => {
  const { phone, other: desk } = await phoneWith("desk");
  let anna = phone;
  const chat = await importChat(anna, 3_000);
  await until(desk, async () => (await desk.conversation(chat)) !== undefined && (await count(desk, chat)) === 3_000);
  await anna.setArchive(true);
  await archived(anna, 3_000);
  anna = await world.handingOverNothing("anna");
  const lost = Buffer.from(world.onServer("SELECT id FROM blobs WHERE purpose = 3 ORDER BY size_bytes DESC")!["id"] as Uint8Array).toString(
    "hex",
  );
  const files = join(world.folder, "server", "blobs");
  const path = readdirSync(files, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(lost))!;
  const bytes = readFileSync(join(files, path));
  bytes[100]! ^= 1;
  writeFileSync(join(files, path), bytes);
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(3_000);
}, 90_000);

test("a device that was removed opens no later head, with the server's help or without", async () => {
  const { phone: anna, other: laptop } = await phoneWith("laptop");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.setArchive(true);
  await bela.sendMessage({ conversation: ba, text: "before" });
  await archived(anna, 1);
  await until(laptop, async () => (await laptop.archive()).on);
  const self = (await laptop.state()).self!;
  const had = world.keyAt("laptop", 1)!;
  expect(await world.opens(had, anna)).toBe(true);
  await anna.revokeDevice(self.device);
  // Without a message: the head is sealed anew because of the removal.
  await until(anna, async () => !(await world.opens(had, anna)));
  await bela.sendMessage({ conversation: ba, text: "after" });
  await hasText(anna, ab, "after");
  await archived(anna, 2);
  expect([await world.opens(had, anna), await world.opens(world.keyAt("anna", 2), anna)]).toEqual([false, true]);
}, 60_000);

test("the server's quota is full: said, nothing is dropped, and it goes on when there is room", async () => {
  await world.server.stop();
  const quotaBytes = { attachment: 1e9, history: 1e9, archive: 60_000 };
  await world.start({ limits: { blobs: { quotaBytes } } });
  const anna = await world.account("anna", ARCHIVIST);
  await importChat(anna, 5_000);
  await anna.setArchive(true);
  await until(anna, async () => (await anna.archive()).trouble === "full");
  const { messages, waiting, quotaBytes: shown } = await anna.archive();
  expect([messages + waiting, shown]).toEqual([5_000, 60_000]);
  expect(messages).toBeGreaterThan(0);
  await world.server.stop();
  await world.start();
  await until(anna, async () => (await anna.archive()).trouble === undefined);
  await archived(anna, 5_000);
}, 60_000);

test("the writer is killed with SIGKILL at one step after another: nothing is missing", async () => {
  let anna = await world.account("anna", { http: dying(0).http });
  const chat = await importChat(anna, 9_000);
  await anna.setArchive(true);
  await world.close("anna");
  const heads: number[] = [];
  const file = join(import.meta.dirname, "archiving-process.ts");
  for (const steps of [1, 2, 3, 4, 5, 6, 7]) {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, join(world.folder, "anna"), world.server.url]);
    const gone = new Promise((resolve) => child.once("close", resolve));
    let seen = 0;
    for await (const chunk of child.stdout) {
      seen += String(chunk).split("\n").length - 1;
      if (seen >= steps || String(chunk).includes("done")) child.kill("SIGKILL");
    }
    await gone;
    heads.push(Number(world.onServer("SELECT version FROM archive_heads")?.["version"] ?? 0));
  }
  // They died in the middle of it, not before and not after.
  expect(new Set(heads).size).toBeGreaterThan(2);
  anna = world.open("anna", ARCHIVIST);
  await archived(anna, 9_000);
  anna = await world.handingOverNothing("anna");
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(9_000);
}, 90_000);

test("a companion with a gap, all other devices off: the archive fills it, and what came later is asked for when the phone is back", async () => {
  const { phone: anna, other } = await phoneWith("laptop");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.setArchive(true);
  await bela.sendMessage({ conversation: ba, text: "seen" });
  await hasText(other, ab, "seen");
  await until(other, async () => (await other.archive()).on);
  await world.close("laptop");
  await bela.sendMessage({ conversation: ba, text: "missed" });
  await hasText(anna, ab, "missed");
  await archived(anna, 2);
  for (const name of ["anna", "bela"]) await world.close(name);
  await world.server.stop();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(world.folder, "server", `mailbox.db${suffix}`), { force: true });
  await world.start();
  const laptop = world.open("laptop", { clock: quick(15) });
  await hasText(laptop, ab, "missed");
  await until(laptop, async () => (await laptop.state()).gapSinceMs === undefined);
  expect(await texts(laptop, ab)).toEqual(["seen", "missed"]);
}, 60_000);
