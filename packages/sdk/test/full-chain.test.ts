/**
 * Accounts that changed their devices often. A chain that fits into no approval is handed over all the same; one that is as long as it may
 * be is said by its own name, and nothing is signed in vain.
 */
import { join } from "node:path";
import { accountIdToBytes, must, type SqlDatabase } from "@hawser/base";
import { extendDeviceList, parseDeviceList, type VerifiedDeviceList } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { MAX_CHAIN_LISTS } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/index.ts";
import { linkStage, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Opens a store of a program that does not run. */
function inStore<T>(file: string, work: (database: SqlDatabase) => T): T {
  const database = openSqliteDatabase(join(world.folder, file));
  try {
    return database.transaction(() => work(database));
  } finally {
    database.close();
  }
}

/** As if the account had signed list after list for years, each accepted by the server. */
function lengthenChain(profile: string, account: Uint8Array, length: number): void {
  const lists: VerifiedDeviceList[] = [];
  inStore(join(profile, "client.db"), (database) => {
    const { value: seed } = database.prepare("SELECT value FROM kv WHERE key = 'account-seed'").get<{ value: Uint8Array }>()!;
    const row = database.prepare("SELECT payload, signature FROM device_lists ORDER BY number DESC LIMIT 1").get<never>()!;
    for (let last = must(parseDeviceList(nodePrimitives, row), "the newest list"); last.number < length;) {
      last = must(extendDeviceList(nodePrimitives, seed, last, { nowMs: Number(last.list.signedAtMs) + 1 }), "the next list");
      lists.push(last);
    }
    const insert = database.prepare("INSERT INTO device_lists (account, number, payload, signature) VALUES (?, ?, ?, ?)");
    for (const { account: id, number, entry } of lists) insert.run(id, number, entry.payload, entry.signature);
    database.prepare("UPDATE kv SET value = ? WHERE key = 'published-list'").run(new TextEncoder().encode(String(length)));
  });
  inStore(join("server", "directory.db"), (database) => {
    const insert = database.prepare("INSERT INTO lists VALUES (?, ?, ?, ?)");
    for (const { number, entry } of lists) insert.run(account, number, entry.payload, entry.signature);
    database.prepare("UPDATE accounts SET list_number = ? WHERE account = ?").run(length, account);
  });
}

/** A phone and a laptop, opened again with a chain of that length. */
async function longChain(length: number): Promise<HawserClient> {
  const anna = await world.account("anna");
  await world.link(anna, "laptop");
  await linkStage(anna, "active");
  const account = accountIdToBytes((await anna.state()).self!.account);
  for (const name of ["anna", "laptop"]) await world.close(name);
  await world.server.stop();
  lengthenChain("anna", account, length);
  await world.start();
  const phone = world.open("anna");
  await until(phone, async () => (await phone.state()).connection.kind === "online");
  expect((await phone.deviceListCode()).number).toBe(length);
  return phone;
}

test("a chain that fits into no approval and into no answer: a companion is linked, the account is restored by its code", async () => {
  const phone = await longChain(600);
  const tablet = await world.link(phone, "tablet");
  expect(await tablet.deviceListCode()).toEqual(await phone.deviceListCode());
  expect((await tablet.deviceListCode()).number).toBe(601);
  expect(await tablet.diagnostics()).toMatchObject({ listed: true, listConflict: false });

  const recoveryCode = await phone.createRecoveryCode();
  const next = world.open("next");
  await next.restoreAccount({ handle: "anna", recoveryCode, deviceName: "next" });
  await until(next, async () => (await next.state()).connection.kind === "online");
  expect((await next.deviceListCode()).number).toBe(602);
  expect((await next.devices()).map(({ name }) => name)).toContain("tablet");
});

test("a server whose lists do not lead to those that were handed over: nobody becomes a member until they do", async () => {
  const phone = await longChain(600);
  const setList7 = (number: number): void =>
    inStore(join("server", "directory.db"), (database) => {
      database
        .prepare("UPDATE lists SET (payload, signature) = (SELECT payload, signature FROM kept WHERE number = ?) WHERE number = 7")
        .run(number);
    });
  inStore(join("server", "directory.db"), (database) => {
    database.prepare("CREATE TABLE kept AS SELECT number, payload, signature FROM lists WHERE number IN (7, 8)").run();
  });
  setList7(8);
  const tablet = world.open("tablet");
  await tablet.startLink({ deviceName: "tablet", platform: "test" });
  await phone.openLinkCode((await linkStage(tablet, "waiting-for-scan")).uri!);
  await phone.approveLink((await linkStage(phone, "comparing")).attempt!);
  await linkStage(tablet, "activating");
  await linkStage(phone, "activating");
  expect((await tablet.state()).phase).toBe("linking");
  // It asks again until they fit.
  setList7(7);
  await linkStage(tablet, "active");
});

test("a full chain is no full table of devices: it has its own name on both screens, and devices can be removed", async () => {
  const phone = await longChain(MAX_CHAIN_LISTS);
  const tablet = world.open("tablet");
  await tablet.startLink({ deviceName: "tablet", platform: "test" });
  await phone.openLinkCode((await linkStage(tablet, "waiting-for-scan")).uri!);
  const asked = await linkStage(phone, "comparing");
  expect(asked.needsRemoval).toBeUndefined();
  await phone.approveLink(asked.attempt!);
  expect((await linkStage(tablet, "failed")).error?.name).toBe("LIST_CHAIN_FULL");
  expect((await linkStage(phone, "failed")).error?.name).toBe("LIST_CHAIN_FULL");
  // Refused here: what a server refuses once it is signed would stay unpublished for ever.
  await expect(phone.renameDevice(1 as never, "another name")).rejects.toMatchObject({ code: "LIST_CHAIN_FULL" });
  expect((await phone.deviceListCode()).number).toBe(MAX_CHAIN_LISTS);
  await phone.revokeDevice(2 as never);
  expect((await phone.deviceListCode()).number).toBe(MAX_CHAIN_LISTS + 1);
  expect((await phone.devices()).map(({ device }) => device)).toEqual([1]);
});

test("an account whose chain is full comes back when its phone is lost, more than once, and a stolen computer is removed", async () => {
  const phone = await longChain(MAX_CHAIN_LISTS);
  const recoveryCode = await phone.createRecoveryCode();
  const laptop = world.open("laptop");
  await until(laptop, async () => (await laptop.state()).connection.kind === "online");
  for (const [name, device, before] of [["second", 3, phone] as const, ["third", 4, undefined] as const]) {
    const restored = world.open(name);
    await restored.restoreAccount({ handle: "anna", recoveryCode, deviceName: name });
    await until(restored, async () => (await restored.state()).connection.kind === "online");
    if (before !== undefined) await until(before, async () => (await before.state()).phase === "revoked");
    expect((await restored.devices()).map((each) => each.device)).toEqual([2, device]);
    // Whoever saw the chain before follows it: it is the same one.
    await until(laptop, async () => (await laptop.deviceListCode()).number === MAX_CHAIN_LISTS + device - 2);
    expect(await laptop.deviceListCode()).toEqual(await restored.deviceListCode());
  }
  const third = world.clients.get("third")!;
  await third.revokeDevice(2 as never);
  await until(laptop, async () => (await laptop.state()).phase === "revoked");
  expect((await third.devices()).map(({ device }) => device)).toEqual([4]);
}, 60_000);
