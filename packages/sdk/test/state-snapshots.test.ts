/** Shared state that was damaged on one device is rebuilt from the phone's signed snapshot, against a real server: nothing is linked anew. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fromUtf8 } from "@hawser/base";
import type { ClientPorts, LogEvent } from "@hawser/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { hurried, until, World } from "./world.ts";

let world: World;
let events: LogEvent[];
/** A check waits three seconds until the mailbox has been read. */
const ports: Partial<ClientPorts> = { clock: hurried(10), log: (event) => events.push(event) };
beforeEach(async () => {
  events = [];
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const names = async (client: HawserClient): Promise<string> =>
  (await client.contacts())
    .map(({ name }) => name)
    .toSorted()
    .join();
const settled = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).connection.kind === "online" && (await client.state()).outboxCount === 0);
const happened = (client: HawserClient, event: string): Promise<void> =>
  until(client, async () => events.some((each) => each.event === event));

/** The profile's database while its client is closed. */
async function whileClosed(name: string, work: (database: DatabaseSync) => unknown): Promise<void> {
  await world.close(name);
  const database = new DatabaseSync(join(world.folder, name, "client.db"));
  work(database);
  database.close();
}
const rows = (database: DatabaseSync): unknown[] =>
  database.prepare("SELECT collection, key, hex(value) AS value, time_ms, counter, device FROM state_entries ORDER BY 1, 2").all();
const identityOf = (database: DatabaseSync): unknown => database.prepare("SELECT value FROM kv WHERE key = 'identity'").get();

const forgetContact = (database: DatabaseSync, account: string): unknown =>
  database.prepare("DELETE FROM state_entries WHERE collection = 'contact' AND key = ?").run(account);

async function family() {
  const anna = await world.account("anna", ports);
  const others = [];
  for (const handle of ["bela", "cem", "deniz"]) {
    const account = (await (await world.account(handle)).state()).self!.account;
    others.push(account);
    await anna.addContact({ account, name: handle });
    await world.close(handle);
  }
  const laptop = await world.link(anna, "laptop", ports);
  await until(laptop, async () => (await names(laptop)) === "bela,cem,deniz" && (await laptop.state()).history.kind === "complete");
  await anna.renameContact(others[0]!, "Béla");
  await until(laptop, async () => (await names(laptop)).includes("Béla"));
  for (const client of [anna, laptop]) await settled(client);
  return { anna, laptop, others };
}

test("rows of a companion that were damaged and deleted come back from the phone; its keys and its place stay", async () => {
  const { anna } = await family();
  let [before, after, identity]: unknown[] = [];
  await whileClosed("laptop", (database) => {
    before = rows(database);
    identity = identityOf(database);
    // One with a time far ahead would win over everything, were it believed.
    database.exec(
      "UPDATE state_entries SET value = x'ff', time_ms = time_ms + 1000000 WHERE key = (SELECT max(key) FROM state_entries WHERE collection = 'contact')",
    );
    database.exec("DELETE FROM state_entries WHERE key = (SELECT min(key) FROM state_entries WHERE collection = 'contact')");
    database.exec("DELETE FROM contacts");
    expect(rows(database)).not.toEqual(before);
  });
  const laptop = world.open("laptop", ports);
  await until(laptop, async () => (await names(laptop)) === "Béla,cem,deniz");
  await happened(laptop, "state-rebuilt");
  await settled(laptop);
  await whileClosed("laptop", (database) => {
    after = rows(database);
    expect(identityOf(database)).toEqual(identity);
    expect(database.prepare("SELECT count(*) AS n FROM state_pages").get()).toEqual({ n: 0 });
  });
  expect(after).toEqual(before);
  expect(events.map(({ event }) => event)).toContain("state-damaged");
  expect((await anna.devices()).map(({ name }) => name)).toEqual(["anna's phone", "laptop"]);
}, 60_000);

test("what is gone without a trace is found by the daily check", async () => {
  await family();
  let before: unknown;
  await whileClosed("laptop", (database) => {
    before = rows(database);
    database.exec("DELETE FROM state_entries; DELETE FROM contacts");
    // A day has passed.
    const { value } = database.prepare("SELECT value FROM kv WHERE key = 'state-check'").get() as { value: Uint8Array };
    const check = JSON.parse(fromUtf8(value)!) as { dueMs: number };
    const yesterday = JSON.stringify({ ...check, dueMs: check.dueMs - 86_400_000 });
    database.prepare("UPDATE kv SET value = ? WHERE key = 'state-check'").run(new TextEncoder().encode(yesterday));
  });
  const laptop = world.open("laptop", ports);
  await until(laptop, async () => (await names(laptop)) === "Béla,cem,deniz");
  await settled(laptop);
  await whileClosed("laptop", (database) => expect(rows(database)).toEqual(before));
}, 60_000);

test("a phone whose rows were damaged gets them from a companion, and what the companion wrote meanwhile stands", async () => {
  const { laptop, others } = await family();
  await whileClosed("anna", (database) => {
    database.exec("UPDATE state_entries SET value = x'' WHERE collection = 'contact'");
  });
  await laptop.renameContact(others[1]!, "Cem Bey");
  const anna = world.open("anna", ports);
  await happened(laptop, "state-rebuilt");
  await until(anna, async () => (await names(anna)) === "Béla,Cem Bey,deniz");
  for (const client of [anna, laptop]) await settled(client);
  let there: unknown;
  await whileClosed("anna", (database) => (there = rows(database)));
  await whileClosed("laptop", (database) => expect(rows(database)).toEqual(there));
}, 60_000);

test("a companion whose store was rebuilt from a damaged one: what is left is applied, the rest comes from the phone, and the phone gets what it lacks", async () => {
  const { anna, laptop: linked, others } = await family();
  await anna.setSettings({ theme: "dark" });
  await until(linked, async () => (await linked.state()).settings.theme === "dark");
  let before: unknown;
  await whileClosed("laptop", (database) => {
    before = rows(database);
    database.exec("DELETE FROM contacts; DELETE FROM kv WHERE key = 'settings'");
    forgetContact(database, others[1]!);
    // What moving its rows into a fresh store leaves.
    database.exec("INSERT INTO kv (key, value) VALUES ('salvaged', x'01')");
  });
  await whileClosed("anna", (database) => forgetContact(database, others[2]!));
  const phone = world.open("anna", ports);
  const laptop = world.open("laptop", ports);
  expect((await laptop.state()).settings.theme).toBe("dark");
  expect((await names(laptop)).split(",").length).toBe(2);
  await until(laptop, async () => (await names(laptop)) === "Béla,cem,deniz");
  await happened(laptop, "state-rebuilt");
  for (const client of [laptop, phone]) await settled(client);
  for (const name of ["laptop", "anna"]) await whileClosed(name, (database) => expect(rows(database)).toEqual(before));
}, 60_000);

test("an older copy of a companion is compared at once: it has what came since, and the phone what only the copy has", async () => {
  const { anna, others } = await family();
  const profile = join(world.folder, "laptop");
  await world.close("laptop");
  cpSync(profile, `${profile}-copy`, { recursive: true });
  const newer = world.open("laptop", ports);
  await newer.renameContact(others[0]!, "Bela Hanım");
  await until(anna, async () => (await names(anna)).includes("Bela Hanım"));
  await settled(newer);
  await world.close("laptop");
  rmSync(profile, { recursive: true });
  cpSync(`${profile}-copy`, profile, { recursive: true });
  let before: unknown;
  await whileClosed("anna", (database) => {
    before = rows(database);
    forgetContact(database, others[2]!);
  });
  const phone = world.open("anna", ports);
  const laptop = world.open("laptop", ports);
  await happened(laptop, "state-rebuilt");
  await until(laptop, async () => (await names(laptop)).includes("Bela Hanım"));
  for (const client of [laptop, phone]) await settled(client);
  for (const name of ["laptop", "anna"]) await whileClosed(name, (database) => expect(rows(database)).toEqual(before));
}, 60_000);
