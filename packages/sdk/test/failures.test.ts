/** What goes wrong at the server and on disk: lists that contradict each other, senders nobody knows, mailboxes begun anew, no space. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { type AccountId, accountIdToBytes } from "@hawser/base";
import { extendDeviceList, parseDeviceList } from "@hawser/crypto";
import { nodePrimitives } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasText, statusOf, texts, until, World } from "./world.ts";

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
  const first = profile.prepare("SELECT payload, signature FROM device_lists WHERE number = 1 AND account = ?").get(account) as { payload: Uint8Array; signature: Uint8Array };
  profile.close();
  const parsed = parseDeviceList(nodePrimitives, first);
  const phone = parsed.ok ? parsed.value.list.devices[0]! : undefined;
  const fork = extendDeviceList(nodePrimitives, accountSeed, undefined, {
    nowMs: Number(phone!.addedAtMs) + 1_000,
    add: [{ kind: phone!.kind, signingKey: phone!.signingKey, dhKey: phone!.dhKey, attemptId: new Uint8Array(0), sealedLabel: new Uint8Array(0) }],
  });
  if (!fork.ok) throw new Error("no fork");
  const put = (entry: { payload: Uint8Array; signature: Uint8Array }): void =>
    editServer("directory.db", (database) =>
      void database.prepare("UPDATE lists SET payload = ?, signature = ? WHERE account = ?").run(entry.payload, entry.signature, accountIdToBytes(account as AccountId)),
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
