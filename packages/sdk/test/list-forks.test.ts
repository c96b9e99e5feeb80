/**
 * A contact whose chain of device lists has parted for good, and a person's word about it. Nothing is decided without that word; with it
 * messages go to the devices of the chosen branch alone, on every device of the account.
 */
import { type AccountId, accountIdToBytes, messageIdToBytes, type SqlDatabase } from "@hawser/base";
import { extendDeviceList, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { DeviceKind, type SignedDeviceList, TrustStateSchema } from "@hawser/wire";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationId, HawserClient } from "../src/index.ts";
import { encodeState } from "@hawser/client/messaging/state-sync";
import { frameOf, Middle, say } from "./middle.ts";
import { hasText, hurried, statusOf, texts, until, World } from "./world.ts";

let world: World;
let stores: Map<string, SqlDatabase>;
let middle: Middle;
let anna: HawserClient;
let bela: HawserClient;
let account: AccountId;
let ab: ConversationId;
let ba: ConversationId;

const isOnline = async (client: HawserClient): Promise<boolean> => (await client.state()).connection.kind === "online";

function store(name: string): SqlDatabase {
  const database = openSqliteDatabase(join(world.folder, `${name}.db`));
  stores.set(name, database);
  return database;
}

async function register(handle: string, between?: Middle): Promise<HawserClient> {
  const client = world.open(handle, {
    database: store(handle),
    clock: hurried(5),
    ...(between === undefined ? {} : { transport: between.transport }),
  });
  await client.createAccount({ handle, displayName: handle, deviceName: "phone" });
  await until(client, () => isOnline(client));
  return client;
}

beforeEach(async () => {
  world = new World();
  stores = new Map();
  await world.start();
  middle = new Middle();
  bela = await register("bela");
  anna = await register("anna", middle);
  ({ ab, ba } = await world.befriend(anna, bela));
  account = (await bela.state()).self!.account;
});
afterEach(() => world.stop());

const seedOf = (database: SqlDatabase): Uint8Array<ArrayBuffer> =>
  database.prepare("SELECT value FROM kv WHERE key = 'account-seed'").get<{ value: Uint8Array<ArrayBuffer> }>()!.value;

function listOf(database: SqlDatabase, number: number): VerifiedDeviceList {
  const entry = database
    .prepare("SELECT payload, signature FROM device_lists WHERE account = ? AND number = ?")
    .get<SignedDeviceList>(account, number)!;
  const verified = verifyDeviceList(nodePrimitives, entry);
  if (!verified.ok) throw new Error("the store holds a list that does not verify");
  return verified.value;
}

function following(
  previous: VerifiedDeviceList | undefined,
  change: Parameters<typeof extendDeviceList>[3],
  by = "bela",
): VerifiedDeviceList {
  const next = extendDeviceList(nodePrimitives, seedOf(stores.get(by)!), previous, change);
  if (!next.ok) throw new Error("no such list");
  return next.value;
}

const stranger = () => ({
  kind: DeviceKind.COMPANION,
  signingKey: nodePrimitives.ed25519PublicKey(systemRandom.bytes(32)),
  dhKey: nodePrimitives.x25519PublicKey(systemRandom.bytes(32)),
  attemptId: systemRandom.bytes(16),
  sealedLabel: systemRandom.bytes(64),
});

const wireList = ({ entry }: VerifiedDeviceList): SignedDeviceList =>
  ({ $typeName: "hawser.v1.SignedDeviceList", payload: entry.payload, signature: entry.signature }) as SignedDeviceList;

function pushLists(...lists: VerifiedDeviceList[]): void {
  const frame = frameOf("push", 0x07, 0x52, 0x00);
  const { event } = frame.message;
  if (event.case !== "deviceListChanged") throw new Error("another push");
  event.value.accountId = accountIdToBytes(account);
  event.value.lists = lists.map(wireList);
  middle.show(frame);
}

const isFrozen = async (client: HawserClient): Promise<boolean> => (await client.contacts())[0]?.listConflict === true;
const noticesOf = async (client: HawserClient, id: ConversationId) =>
  (await client.messages({ conversation: id, limit: 100 })).items.filter(({ notice }) => notice === "device-list-chosen");

/** Both know list 2 of bela's. */
async function both(): Promise<void> {
  await bela.renameDevice(1 as never, "renamed");
  await anna.sendMessage({ conversation: ab, text: "both know list 2" });
  await hasText(bela, ba, "both know list 2");
  await bela.sendMessage({ conversation: ba, text: "and so do you" });
  await hasText(anna, ab, "and so do you");
  await anna.setVerified(account, true);
}

test("a forged second branch: both are shown, the word is a person's, and what was decided against freezes nothing again; a third does", async () => {
  await both();
  const first = listOf(stores.get("bela")!, 1);
  const forged = following(first, { nowMs: Date.now(), add: [stranger()] });
  // Sealed already, and on its way: what it was sealed for may not be meant.
  middle.toServer = (frame) => frame.type !== "send";
  const sealed = await anna.sendMessage({ conversation: ab, text: "sealed before" });
  const secretOf = () =>
    stores
      .get("anna")!
      .prepare("SELECT hex(capsule_secret) AS secret FROM outbox WHERE message_id = ?")
      .get<{ secret: string }>(messageIdToBytes(sealed.id))!.secret;
  await until(anna, async () => secretOf() !== "");
  const secretBefore = secretOf();
  pushLists(forged);
  await until(anna, () => isFrozen(anna));
  const held = await anna.sendMessage({ conversation: ab, text: "held" });
  const fork = (await anna.listFork(account))!;
  expect(fork).toMatchObject({ listConflict: true, commonNumber: 1 });
  const [known, other] = fork.branches;
  expect(known).toMatchObject({
    pinned: true,
    number: 2,
    code: (await bela.deviceListCode()).code,
    devices: [{ device: 1, onlyHere: false }],
  });
  expect(other).toMatchObject({
    pinned: false,
    number: 2,
    devices: [
      { device: 1, onlyHere: false },
      { device: 2, onlyHere: true },
    ],
  });
  expect(other!.code).not.toBe(known!.code);
  // Looking decides nothing, nor does a branch that nobody has seen.
  expect(await isFrozen(anna)).toBe(true);
  await expect(anna.trustBranch(account, "00".repeat(32))).rejects.toMatchObject({ code: "UNKNOWN_BRANCH" });
  await expect(anna.trustBranch((await anna.state()).self!.account, known!.id)).rejects.toMatchObject({ code: "SELF" });
  expect(await isFrozen(anna)).toBe(true);

  await anna.trustBranch(account, known!.id);
  expect((await anna.contacts())[0]).toMatchObject({ listConflict: false, verified: false });
  expect(await noticesOf(anna, ab)).toHaveLength(1);
  expect(secretOf()).not.toBe(secretBefore);
  middle.toServer = () => true;
  middle.cut();
  await hasText(bela, ba, "sealed before");
  await hasText(bela, ba, "held");
  await statusOf(anna, held, "delivered");

  pushLists(forged);
  pushLists(following(forged, { nowMs: Date.now(), add: [stranger()] }));
  await anna.sendMessage({ conversation: ab, text: "not frozen again" });
  await hasText(bela, ba, "not frozen again");
  expect(await isFrozen(anna)).toBe(false);
  const reached = middle.sends.flatMap(({ targets }) => targets.flatMap(({ capsules }) => capsules.map(({ device }) => device)));
  expect(new Set(reached)).toEqual(new Set([1]));
  // A person may think again later; what was decided against says so, with what followed it.
  const later = (await anna.listFork(account))!;
  expect(later.branches.map(({ number, pinned, rejected }) => [number, pinned, rejected])).toEqual([
    [2, true, false],
    [3, false, true],
  ]);

  pushLists(following(first, { nowMs: Date.now(), add: [stranger()] }));
  await until(anna, () => isFrozen(anna));
});

test("the other branch: sessions with devices that are not in it end, what waited goes to it, and the own devices follow", async () => {
  const pad = await world.link(anna, "pad", { database: store("pad"), clock: hurried(5) });
  const desk = await world.link(bela, "desk", { database: store("desk") });
  await anna.sendMessage({ conversation: ab, text: "to both of yours" });
  await hasText(desk, ba, "to both of yours");
  await until(pad, async () => (await texts(pad, ab)).includes("to both of yours"));
  await pad.sendMessage({ conversation: ab, text: "from the pad" });
  await hasText(desk, ba, "from the pad");
  await anna.setVerified(account, true);
  for (const name of ["anna", "pad"])
    await until(world.clients.get(name)!, async () => (await world.clients.get(name)!.contacts())[0]?.verified === true);

  // Bela's phone was put back from a backup, and her account went on from list 1: that is what the server has from now on.
  const first = listOf(stores.get("bela")!, 1);
  const other = following(first, { nowMs: Date.now(), relabel: [{ device: 1, sealedLabel: systemRandom.bytes(64) }] });
  for (const name of ["anna", "pad", "bela", "desk"]) await world.close(name);
  await world.server.stop();
  const directory = new DatabaseSync(join(world.folder, "server", "directory.db"));
  directory.prepare("DELETE FROM lists WHERE account = ? AND number > 1").run(accountIdToBytes(account));
  directory
    .prepare("INSERT INTO lists (account, number, payload, signature) VALUES (?, ?, ?, ?)")
    .run(accountIdToBytes(account), 2, other.entry.payload, other.entry.signature);
  directory.close();
  await world.start();
  bela = world.open("bela", { database: store("bela") });
  anna = world.open("anna", { database: store("anna"), clock: hurried(5) });
  const held = await anna.sendMessage({ conversation: ab, text: "to the phone alone" });
  await until(anna, () => isFrozen(anna));
  const fork = (await anna.listFork(account))!;
  const [known, chosen] = fork.branches;
  expect(known!.devices.map(({ device, onlyHere }) => [device, onlyHere])).toEqual([
    [1, false],
    [2, true],
  ]);
  expect(chosen).toMatchObject({ pinned: false, number: 2 });
  await anna.trustBranch(account, chosen!.id);
  await hasText(bela, ba, "to the phone alone");
  await statusOf(anna, held, "delivered");
  const sessions = (name: string) =>
    stores
      .get(name)!
      .prepare("SELECT device FROM sessions WHERE account = ?")
      .all<{ device: number }>(account)
      .map(({ device }) => device);
  expect(sessions("anna")).toEqual([1]);
  expect((await anna.contacts())[0]).toMatchObject({ listConflict: false, verified: false });
  expect(await noticesOf(anna, ab)).toHaveLength(1);

  const padAgain = world.open("pad", { database: store("pad"), clock: hurried(5) });
  await until(padAgain, async () => (await noticesOf(padAgain, ab)).length === 1);
  expect((await padAgain.contacts())[0]).toMatchObject({ listConflict: false, verified: false });
  await padAgain.sendMessage({ conversation: ab, text: "the pad follows" });
  await hasText(bela, ba, "the pad follows");
  expect(sessions("pad")).toEqual([1]);
  expect((await noticesOf(padAgain, ab))[0]!.id).toBe((await noticesOf(anna, ab))[0]!.id);
});

test("an own device that lies: lists that the contact did not sign are not pinned, the own account is not decided about", async () => {
  const pad = await world.link(anna, "pad", { database: store("pad"), clock: hurried(5) });
  await both();
  const self = (await anna.state()).self!.account;
  const honest = following(listOf(stores.get("bela")!, 1), { nowMs: Date.now(), add: [stranger()] });
  const forged = {
    ...honest,
    entry: { ...honest.entry, signature: nodePrimitives.ed25519Sign(systemRandom.bytes(32), honest.entry.payload) },
  };
  let counter = 0;
  const choice = (about: AccountId, hash: Uint8Array, lists: VerifiedDeviceList[], rejected: VerifiedDeviceList[] = []) => {
    const value = encodeTrust(2, hash, lists, rejected);
    return {
      to: self,
      body: {
        case: "state" as const,
        value: { updates: [{ collection: "trust", key: about, value, timeMs: BigInt(Date.now()), counter: counter++, device: 2 }] },
      },
    };
  };
  await say(pad, stores.get("pad")!, choice(self, systemRandom.bytes(32), []));
  // Nor can it decide about one contact in the name of another.
  const own = following(undefined, { nowMs: Date.now(), add: [{ ...stranger(), kind: DeviceKind.PHONE }] }, "anna");
  await say(pad, stores.get("pad")!, choice(account, listOf(stores.get("bela")!, 2).hash, [], [own]));
  await until(anna, async () => (await noticesOf(anna, ab)).length === 1);
  await say(pad, stores.get("pad")!, choice(account, forged.hash, [forged]));
  // Whoever can write the account's state can freeze a contact, and a person ends it. Nothing is rerouted.
  await until(anna, () => isFrozen(anna));
  expect((await anna.state()).listConflict).toBe(false);
  expect(stores.get("anna")!.prepare("SELECT account FROM fork_lists").all()).toEqual([]);
  const held = await anna.sendMessage({ conversation: ab, text: "held" });
  const branches = (await anna.listFork(account))!.branches;
  expect(branches).toHaveLength(1);
  await anna.trustBranch(account, branches[0]!.id);
  await hasText(bela, ba, "held");
  await statusOf(anna, held, "delivered");
});

function encodeTrust(
  number: number,
  hash: Uint8Array,
  lists: VerifiedDeviceList[],
  rejected: VerifiedDeviceList[],
): Uint8Array<ArrayBuffer> {
  return encodeState(TrustStateSchema, {
    $typeName: "hawser.v1.TrustState",
    listNumber: BigInt(number),
    listHash: hash as Uint8Array<ArrayBuffer>,
    chosenAtMs: 5n,
    lists: lists.map(wireList),
    rejected: rejected.map(wireList),
  }) as Uint8Array<ArrayBuffer>;
}
