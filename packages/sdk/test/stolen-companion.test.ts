/**
 * What docs/THREAT-MODEL.md says of a stolen companion, over the real parts: until it is removed it reads, asks for more and can freeze a
 * contact by naming a list that nobody has; the phone's person ends both, and from the removal on neither it nor a copy of its store gets,
 * says or changes anything.
 */
import { join } from "node:path";
import { type AccountId, accountIdFromBytes, type DeviceNumber, type SqlDatabase } from "@hawser/base";
import { encodeState } from "@hawser/client/messaging/state-sync";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { TrustStateSchema } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationId, HawserClient } from "../src/index.ts";
import { Middle, say } from "./middle.ts";
import { hasText, statusOf, texts, until, World } from "./world.ts";

const STOLEN = 2 as DeviceNumber;

let world: World;
let middle: Middle;
let anna: HawserClient;
let bela: HawserClient;
let stolen: HawserClient;
let store: SqlDatabase;
let [own, theirs]: AccountId[] = [];
let ab: ConversationId;
let ba: ConversationId;

beforeEach(async () => {
  world = new World();
  await world.start();
  anna = await world.account("anna");
  middle = new Middle();
  bela = await world.account("bela", { transport: middle.transport });
  ({ ab, ba } = await world.befriend(anna, bela));
  own = (await anna.state()).self!.account;
  theirs = (await bela.state()).self!.account;
  await bela.sendMessage({ conversation: ba, text: "before" });
  await hasText(anna, ab, "before");
  store = openSqliteDatabase(join(world.folder, "stolen.db"));
  stolen = await world.link(anna, "laptop", { database: store });
  await hasText(stolen, ab, "before");
});
afterEach(() => world.stop());

const isFrozen = async (): Promise<boolean> => (await anna.contacts()).find(({ account }) => account === theirs)?.listConflict === true;

/** Of anna's, for which something was sealed. */
const devicesOf = (sends: Middle["sends"]): number[] => {
  const targets = sends.flatMap((frame) => frame.targets).filter(({ account }) => accountIdFromBytes(account) === own);
  return [...new Set(targets.flatMap(({ capsules }) => capsules.map(({ device }) => device)))].toSorted((a, b) => a - b);
};

/** Says to the own devices that a person chose a list of bela's that nobody has ever signed. */
const freeze = (client: HawserClient, database: SqlDatabase): Promise<unknown> => {
  const value = encodeState(TrustStateSchema, {
    $typeName: "hawser.v1.TrustState",
    listNumber: 1n,
    listHash: systemRandom.bytes(32),
    chosenAtMs: BigInt(Date.now()),
    lists: [],
    rejected: [],
  });
  const updates = [{ collection: "trust", key: theirs!, value, timeMs: BigInt(Date.now()), counter: 0, device: STOLEN }];
  return say(client, database, { to: own!, body: { case: "state", value: { updates } } });
};

test("it gets the history it asks for, and freezes a contact; the person sees which branch is real, goes on, and removes it", async () => {
  store.exec("DELETE FROM messages");
  expect(await texts(stolen, ab)).toEqual([]);
  await stolen.requestHistory({ conversation: ab });
  await hasText(stolen, ab, "before");

  await freeze(stolen, store);
  await until(anna, isFrozen);
  const held = await anna.sendMessage({ conversation: ab, text: "held" });
  await anna.revokeDevice(STOLEN);
  await until(stolen, async () => (await stolen.state()).phase === "revoked");
  // Removing it takes back nothing that it said: that is for a person to say, who is shown the lists that there are.
  expect(await isFrozen()).toBe(true);
  expect(await texts(bela, ba)).toEqual(["before"]);
  const { branches } = (await anna.listFork(theirs!))!;
  expect(branches.map(({ pinned }) => pinned)).toEqual([true]);
  await anna.trustBranch(theirs!, branches[0]!.id);
  expect(await isFrozen()).toBe(false);
  await hasText(bela, ba, "held");
  await statusOf(anna, held, "delivered");
}, 60_000);

test("from its removal on a copy of its store connects as nobody: it gets nothing, says nothing, and nothing new is sealed for it", async () => {
  await bela.sendMessage({ conversation: ba, text: "between" });
  await hasText(stolen, ab, "between");
  store.exec(`VACUUM INTO '${join(world.folder, "copy.db")}'`);
  await anna.revokeDevice(STOLEN);
  await until(stolen, async () => (await stolen.state()).phase === "revoked");
  expect(devicesOf(middle.sends)).toContain(STOLEN);
  await bela.sendMessage({ conversation: ba, text: "after" });
  await hasText(anna, ab, "after");

  const database = openSqliteDatabase(join(world.folder, "copy.db"));
  const copy = world.open("copy", { database });
  const seen: string[] = [];
  copy.subscribe((event) => event.type === "messages" && seen.push(event.type));
  await freeze(copy, database).catch(() => undefined);
  await until(copy, async () => (await copy.state()).phase === "revoked");
  // The first one was refused by the server, as sealed by an old list: then bela knew.
  const before = middle.sends.length;
  await bela.sendMessage({ conversation: ba, text: "later" });
  await hasText(anna, ab, "later");
  expect(seen).toEqual([]);
  expect(await isFrozen()).toBe(false);
  expect((await anna.devices()).map(({ device }) => device)).toEqual([1]);
  const rows = database.prepare("SELECT count(*) AS n FROM messages WHERE text IN ('after', 'later')").get<{ n: number }>();
  expect(rows).toEqual({ n: 0 });
  expect(devicesOf(middle.sends.slice(before))).toEqual([1]);
}, 60_000);
