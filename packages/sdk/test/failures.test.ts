/** What goes wrong at the server and on disk: lists that contradict each other, senders nobody knows, mailboxes begun anew, no space. */
import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { type AccountId, accountIdToBytes } from "@hawser/base";
import { extendDeviceList, parseDeviceList } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hasText, hurried, statusOf, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Changes a store of the stopped server. */
function editServer(store: string, edit: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(join(world.folder, "server", store));
  edit(database);
  database.close();
}

test("two lists for one place: nothing is sent, the contact says so, and it goes on when there is one chain again", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await bela.sendMessage({ conversation: ba, text: "before" });
  await hasText(anna, ab, "before");
  const account = (await anna.state()).self!.account;
  for (const name of ["anna", "bela"]) await world.close(name);
  await world.server.stop();

  const profile = new DatabaseSync(join(world.folder, "anna", "client.db"), { readOnly: true });
  const accountSeed = profile.prepare("SELECT value FROM kv WHERE key = 'account-seed'").get()!["value"] as Uint8Array;
  const first = profile.prepare("SELECT payload, signature FROM device_lists WHERE number = 1 AND account = ?").get(account) as {
    payload: Uint8Array;
    signature: Uint8Array;
  };
  profile.close();
  const parsed = parseDeviceList(nodePrimitives, first);
  const phone = parsed.ok ? parsed.value.list.devices[0]! : undefined;
  const fork = extendDeviceList(nodePrimitives, accountSeed, undefined, {
    nowMs: Number(phone!.addedAtMs) + 1_000,
    add: [
      {
        kind: phone!.kind,
        signingKey: phone!.signingKey,
        dhKey: phone!.dhKey,
        attemptId: new Uint8Array(0),
        sealedLabel: new Uint8Array(0),
      },
    ],
  });
  if (!fork.ok) throw new Error("no fork");
  const put = (entry: { payload: Uint8Array; signature: Uint8Array }): void =>
    editServer(
      "directory.db",
      (database) =>
        void database
          .prepare("UPDATE lists SET payload = ?, signature = ? WHERE account = ?")
          .run(entry.payload, entry.signature, accountIdToBytes(account as AccountId)),
    );
  put(fork.value.entry);
  await world.start();
  const again = world.open("bela");
  const waiting = await again.sendMessage({ conversation: ba, text: "held" });
  await until(again, async () => (await again.contacts())[0]?.listConflict === true);
  expect(await again.conversation(ba)).toMatchObject({ contact: { listConflict: true }, last: { text: "held" } });
  expect((await again.state()).listConflict).toBe(false);
  await world.close("bela");
  // It is remembered, and nothing is tried meanwhile.
  const later = world.open("bela");
  await until(later, async () => (await later.state()).connection.kind === "online");
  expect((await later.contacts())[0]?.listConflict).toBe(true);
  expect((await later.message(waiting.id))?.status).toBe("queued");
  await world.close("bela");
  await world.server.stop();
  put(first);
  await world.start();
  const settled = world.open("bela");
  await until(settled, async () => (await settled.contacts())[0]?.listConflict === false);
  const phoneAgain = world.open("anna");
  await hasText(phoneAgain, ab, "held");
  await statusOf(settled, waiting, "delivered");
  expect(await texts(phoneAgain, ab)).toEqual(["before", "held"]);
});

test("a sender the directory does not know: the message is held, others are not held up, and it comes when the directory knows", async () => {
  const anna = await world.account("anna");
  const [bela, carl] = [await world.account("bela"), await world.account("carl")];
  const { ab, ba } = await world.befriend(anna, bela);
  const withCarl = await world.befriend(anna, carl);
  const belas = (await bela.state()).self!.account;
  await world.close("anna");
  const sent = [];
  for (const text of ["one", "two"]) sent.push(await bela.sendMessage({ conversation: ba, text }));
  await until(bela, async () => (await bela.state()).outboxCount === 0);
  await carl.sendMessage({ conversation: withCarl.ba, text: "from carl" });
  await until(carl, async () => (await carl.state()).outboxCount === 0);
  for (const name of ["bela", "carl"]) await world.close(name);
  await world.server.stop();
  const hide = (yes: boolean): void =>
    editServer("directory.db", (database) => {
      for (const table of ["accounts", "lists"]) {
        const [from, to] = yes ? [table, `hidden_${table}`] : [`hidden_${table}`, table];
        if (yes) database.exec(`CREATE TABLE ${to} AS SELECT * FROM ${from} WHERE false`);
        database.prepare(`INSERT INTO ${to} SELECT * FROM ${from} WHERE account = ?`).run(accountIdToBytes(belas));
        database.prepare(`DELETE FROM ${from} WHERE account = ?`).run(accountIdToBytes(belas));
      }
    });
  hide(true);
  await world.start();
  const held = world.open("anna");
  await hasText(held, withCarl.ab, "from carl");
  expect(await texts(held, ab)).toEqual([]);
  await until(held, async () => (await held.state()).outboxCount === 0);
  await world.close("anna");
  await world.server.stop();
  hide(false);
  await world.start();
  const again = world.open("anna");
  await hasText(again, ab, "two");
  expect(await texts(again, ab)).toEqual(["one", "two"]);
  const sender = world.open("bela");
  for (const message of sent) await statusOf(sender, message, "delivered");
});

test("a mailbox begun anew: the companion says what is missing, gets it from its phone, and new messages come", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop");
  for (let i = 0; i < 5; i++) await bela.sendMessage({ conversation: ba, text: `seen ${i}` });
  await hasText(laptop, ab, "seen 4");
  await world.close("laptop");
  await bela.sendMessage({ conversation: ba, text: "missed" });
  await hasText(anna, ab, "missed");
  for (const name of ["anna", "bela"]) await world.close(name);
  await world.server.stop();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(join(world.folder, "server", `mailbox.db${suffix}`), { force: true });
  await world.start();
  const away = world.open("laptop");
  await until(away, async () => (await away.state()).gapSinceMs !== undefined);
  await world.close("laptop");
  const again = world.open("laptop");
  // It is remembered until it is filled.
  expect((await again.state()).gapSinceMs).toBeDefined();
  const phone = world.open("anna");
  await hasText(again, ab, "missed");
  await until(again, async () => (await again.state()).gapSinceMs === undefined);
  const other = world.open("bela");
  await other.sendMessage({ conversation: ba, text: "after" });
  for (const client of [again, phone]) await hasText(client, ab, "after");
  expect(await texts(again, ab)).toEqual(["seen 0", "seen 1", "seen 2", "seen 3", "seen 4", "missed", "after"]);
});

test("after two weeks a conversation goes on in a fresh session", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "hello" });
  await hasText(bela, ba, "hello");
  await bela.sendMessage({ conversation: ba, text: "hello yourself" });
  await hasText(anna, ab, "hello yourself");
  const oneTimeKeys = (): number => {
    const stored = new DatabaseSync(join(world.folder, "bela", "client.db"), { readOnly: true });
    const { n } = stored.prepare("SELECT count(*) AS n FROM pre_keys WHERE kind = 1").get() as { n: number };
    stored.close();
    return n;
  };
  const before = oneTimeKeys();
  await anna.sendMessage({ conversation: ab, text: "same session" });
  await hasText(bela, ba, "same session");
  expect(oneTimeKeys()).toBe(before);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 15 * 24 * 3_600_000 });
  try {
    const sent = await anna.sendMessage({ conversation: ab, text: "two weeks later" });
    await hasText(bela, ba, "two weeks later");
    expect(oneTimeKeys()).toBe(before - 1);
    await statusOf(anna, sent, "delivered");
  } finally {
    vi.useRealTimers();
  }
});

test("a full disk: nothing is half done, the error says so, and everything goes on when there is space", async () => {
  const anna = await world.account("anna");
  const { ab, ba } = await world.befriend(anna, await world.account("bela"));
  await anna.sendMessage({ conversation: ab, text: "before" });
  await hasText(world.clients.get("bela")!, ba, "before");
  await world.close("bela");
  const database = openSqliteDatabase(join(world.folder, "bela", "client.db"));
  let refusals = 0;
  const bela = world.open("bela", { database, clock: hurried(20), log: ({ event }) => void (event === "receive-failed" && refusals++) });
  await until(bela, async () => (await bela.state()).connection.kind === "online" && (await bela.state()).outboxCount === 0);
  // SQLite itself says "full" now, as it does on a full disk.
  const pages = database.prepare("PRAGMA page_count").get<{ page_count: number }>()!.page_count;
  database.exec(`PRAGMA max_page_count = ${pages}`);
  const long = "0123456789abcdef".repeat(4_000);
  await expect(bela.sendMessage({ conversation: ba, text: long })).rejects.toMatchObject({
    code: "STORAGE_FULL",
    retry: { afterMs: 60_000 },
  });
  expect(await texts(bela, ba)).toEqual(["before"]);
  expect((await bela.state()).outboxCount).toBe(0);
  const incoming = await anna.sendMessage({ conversation: ab, text: `from anna ${long}` });
  await statusOf(anna, incoming, "sent");
  // It is offered and refused again and again; the mailbox keeps it.
  await until(bela, async () => refusals >= 3);
  expect(await texts(bela, ba)).toEqual(["before"]);
  database.exec("PRAGMA max_page_count = 1073741823");
  await hasText(bela, ba, `from anna ${long}`);
  await bela.sendMessage({ conversation: ba, text: `from bela ${long}` });
  await hasText(anna, ab, `from bela ${long}`);
  await statusOf(anna, incoming, "delivered");
  expect(await texts(anna, ab)).toEqual(["before", `from anna ${long}`, `from bela ${long}`]);
});
