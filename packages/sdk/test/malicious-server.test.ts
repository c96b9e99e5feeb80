/**
 * What docs/THREAT-MODEL.md claims of a malicious server, tried: a real server whose frames are changed on their way to one client.
 * Nothing may be read, attributed to someone else, lost for good without a trace or sent to keys that no pinned list names; and nobody is
 * signed out by anything but a list that says so.
 */
import { type AccountId, accountIdFromBytes, accountIdToBytes, type SqlDatabase } from "@hawser/base";
import { extendDeviceList, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { type Delivery, DeviceKind, ERROR_CODES, RevocationReason, type ServerFrame, type SignedDeviceList } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationId, HawserClient } from "../src/index.ts";
import { frameOf, Middle, say } from "./middle.ts";
import { hasText, hurried, statusOf, texts, until, World } from "./world.ts";

const YEAR_MS = 365 * 24 * 3_600_000;
let world: World;
let middle: Middle;
/** Behind the malicious server. */
let anna: HawserClient;
/** Behind the honest one: what happens at the other end of anna's chat. */
let bela: HawserClient;
let belaStore: SqlDatabase;
let ab: ConversationId;
let ba: ConversationId;

const online = (client: HawserClient) => until(client, async () => (await client.state()).connection.kind === "online");
const accountOf = async (client: HawserClient): Promise<AccountId> => (await client.state()).self!.account;

async function register(handle: string, database: SqlDatabase, between?: Middle): Promise<HawserClient> {
  const client = world.open(handle, { database, clock: hurried(5), ...(between === undefined ? {} : { transport: between.transport }) });
  await client.createAccount({ handle, displayName: handle, deviceName: "phone" });
  await online(client);
  return client;
}

beforeEach(async () => {
  world = new World();
  await world.start();
  middle = new Middle();
  belaStore = openSqliteDatabase(":memory:");
  bela = await register("bela", belaStore);
  anna = await register("anna", openSqliteDatabase(":memory:"), middle);
  ({ ab, ba } = await world.befriend(anna, bela));
  await anna.sendMessage({ conversation: ab, text: "hello" });
  await hasText(bela, ba, "hello");
  await bela.sendMessage({ conversation: ba, text: "hello back" });
  await hasText(anna, ab, "hello back");
});
afterEach(() => world.stop());

/** Ends what a test changed; what the client missed comes on the next connection. */
async function honestAgain(): Promise<void> {
  middle.toClient = (frame) => [frame];
  middle.toServer = () => true;
  const before = middle.connections;
  middle.cut();
  await until(anna, async () => middle.connections > before && (await anna.state()).connection.kind === "online");
}

/** Changes deliveries; all else passes. */
function alter(change: (delivery: Delivery) => readonly Delivery[]): void {
  middle.toClient = (frame) => (frame.type === "batch" ? [{ ...frame, deliveries: frame.deliveries.flatMap(change) }] : [frame]);
}

const seedOf = (store: SqlDatabase): Uint8Array<ArrayBuffer> =>
  store.prepare("SELECT value FROM kv WHERE key = 'account-seed'").get<{ value: Uint8Array<ArrayBuffer> }>()!.value;

function listOf(store: SqlDatabase, account: AccountId): VerifiedDeviceList {
  const entry = store
    .prepare("SELECT payload, signature FROM device_lists WHERE account = ? ORDER BY number DESC LIMIT 1")
    .get<SignedDeviceList>(account)!;
  const verified = verifyDeviceList(nodePrimitives, entry);
  if (!verified.ok) throw new Error("the store holds a list that does not verify");
  return verified.value;
}

const newDevice = (kind = DeviceKind.COMPANION) => ({
  kind,
  signingKey: nodePrimitives.ed25519PublicKey(systemRandom.bytes(32)),
  dhKey: nodePrimitives.x25519PublicKey(systemRandom.bytes(32)),
  attemptId: systemRandom.bytes(16),
  sealedLabel: systemRandom.bytes(64),
});

/** The list after `previous`, with one more device, signed with whatever key is given. */
function withDevice(seed: Uint8Array<ArrayBuffer>, previous: VerifiedDeviceList): VerifiedDeviceList {
  const next = extendDeviceList(nodePrimitives, seed, previous, { nowMs: Date.now(), add: [newDevice()] });
  if (!next.ok) throw new Error("no such list");
  return next.value;
}

const wireList = ({ entry }: VerifiedDeviceList): SignedDeviceList =>
  ({ $typeName: "hawser.v1.SignedDeviceList", payload: entry.payload, signature: entry.signature }) as SignedDeviceList;

function pushLists(account: AccountId, ...lists: VerifiedDeviceList[]): void {
  const frame = frameOf("push", 0x07, 0x52, 0x00);
  const { event } = frame.message;
  if (event.case !== "deviceListChanged") throw new Error("another push");
  event.value.accountId = accountIdToBytes(account);
  event.value.lists = lists.map(wireList);
  middle.show(frame);
}

function goodbye(list: VerifiedDeviceList | undefined, error: number = ERROR_CODES.DEVICE_REVOKED.code): void {
  const frame = frameOf("goodbye", 0x04);
  frame.message.error = error;
  if (list !== undefined) frame.message.revokingList = wireList(list);
  middle.show(frame);
}

/** Devices of an account that anna's frames carry capsules for, ever. */
const devicesReached = (account: AccountId): Set<number> =>
  new Set(
    middle.sends.flatMap(({ targets }) =>
      targets
        .filter((target) => accountIdFromBytes(target.account) === account)
        .flatMap(({ capsules }) => capsules.map(({ device }) => device)),
    ),
  );

test("deliveries kept back, exchanged, repeated and sent twice: each message once, whole", async () => {
  const held: Delivery[] = [];
  // Deliveries that anna never saw may not be acknowledged to the real server.
  middle.toServer = (frame) => frame.type !== "cursor";
  alter((delivery) => {
    held.push({
      ...delivery,
      capsule: delivery.capsule.slice(),
      body: delivery.body.slice(),
      senderAccount: delivery.senderAccount.slice(),
      messageId: delivery.messageId.slice(),
    });
    return [];
  });
  for (const text of ["one", "two", "three"]) await bela.sendMessage({ conversation: ba, text });
  await until(bela, async () => held.length >= 3);
  expect(await texts(anna, ab)).toEqual(["hello", "hello back"]);
  const first = held[0]!.sequence;
  const exchanged = held.toReversed().map((delivery, index) => ({ ...delivery, sequence: first + index }));
  const again = held.map((delivery, index) => ({ ...delivery, sequence: first + 10 + index }));
  for (const deliveries of [exchanged, exchanged, again]) middle.show({ type: "batch", acks: [], deliveries });
  await hasText(anna, ab, "one");
  await until(anna, async () => (await texts(anna, ab)).length === 5);
  // A round trip later the repetitions have been looked at as well.
  await anna.findHandle("bela");
  expect((await texts(anna, ab)).sort()).toEqual(["hello", "hello back", "one", "three", "two"]);
});

test("bodies exchanged between capsules, other senders, other message ids: nothing is shown under a wrong name, and what was meant comes", async () => {
  const mallory = await register("mallory", openSqliteDatabase(":memory:"));
  const stranger = accountIdToBytes(await accountOf(mallory));
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  alter((delivery) => {
    bodies.push(delivery.body.slice() as Uint8Array<ArrayBuffer>);
    const other = bodies.at(-2);
    return [other === undefined ? delivery : { ...delivery, body: other }];
  });
  await bela.sendMessage({ conversation: ba, text: "kept" });
  await hasText(anna, ab, "kept");
  await bela.sendMessage({ conversation: ba, text: "exchanged" });
  await until(anna, async () => bodies.length >= 2);
  alter((delivery) => [{ ...delivery, senderAccount: stranger }]);
  await bela.sendMessage({ conversation: ba, text: "renamed" });
  await until(anna, async () => (await anna.conversations()).items.length > 0);
  alter((delivery) => [{ ...delivery, messageId: systemRandom.bytes(16) }]);
  await bela.sendMessage({ conversation: ba, text: "renumbered" });
  await hasText(anna, ab, "renumbered");
  const shown = await texts(anna, ab);
  expect(shown.filter((text) => text === "kept")).toHaveLength(1);
  expect(shown).not.toContain("exchanged");
  const fromStranger = await texts(anna, `a:${await accountOf(mallory)}` as ConversationId);
  expect(fromStranger.filter((text) => text !== "")).toEqual([]);
});

test("a fork of a device list, signed by the account itself: told, nothing to the new keys, nobody signed out", async () => {
  const account = await accountOf(bela);
  await bela.renameDevice(1 as never, "renamed");
  await anna.sendMessage({ conversation: ab, text: "both know list 2" });
  await hasText(bela, ba, "both know list 2");
  const first = verifyDeviceList(
    nodePrimitives,
    belaStore.prepare("SELECT payload, signature FROM device_lists WHERE account = ? AND number = 1").get<SignedDeviceList>(account)!,
  );
  if (!first.ok) throw new Error("no list 1");
  pushLists(account, withDevice(seedOf(belaStore), first.value));
  await until(anna, async () => (await anna.contacts())[0]?.listConflict === true);
  await anna.sendMessage({ conversation: ab, text: "to whom?" });
  expect((await anna.state()).phase).toBe("ready");
  expect([...devicesReached(account)]).toEqual([1]);
  await honestAgain();
  // The real server agrees with what was pinned: the conflict is over and what waited leaves.
  await hasText(bela, ba, "to whom?");
  expect([...devicesReached(account)]).toEqual([1]);
});

test("an older list, and a device that somebody else signed for, change nothing", async () => {
  const account = await accountOf(bela);
  const old = listOf(belaStore, account);
  await bela.renameDevice(1 as never, "renamed");
  await anna.sendMessage({ conversation: ab, text: "both know list 2" });
  await hasText(bela, ba, "both know list 2");
  pushLists(account, old);
  const current = listOf(belaStore, account);
  const forged = withDevice(seedOf(belaStore), current);
  const signature = nodePrimitives.ed25519Sign(systemRandom.bytes(32), forged.entry.payload);
  pushLists(account, { ...forged, entry: { ...forged.entry, signature } });
  await anna.sendMessage({ conversation: ab, text: "as before" });
  await hasText(bela, ba, "as before");
  expect([...devicesReached(account)]).toEqual([1]);
  expect(middle.sends.at(-1)!.targets.find((target) => accountIdFromBytes(target.account) === account)?.listNumber).toBe(2);
  expect((await anna.contacts())[0]).toMatchObject({ listConflict: false });
});

test("prekeys with signatures that are not the device's: nothing is called sent, and it leaves once the keys are its own", async () => {
  const carol = await register("carol", openSqliteDatabase(":memory:"));
  const account = await accountOf(carol);
  await anna.addContact({ account, name: "carol" });
  const { id: ac } = await anna.openConversation(account);
  let claimed = 0;
  middle.toClient = (frame) => {
    if (frame.type === "response" && frame.message.result.case === "claimPreKeys") {
      claimed++;
      for (const bundle of frame.message.result.value.bundles) bundle.signedPreKey!.signature = systemRandom.bytes(64);
    }
    return [frame];
  };
  const sent = await anna.sendMessage({ conversation: ac, text: "for carol only" });
  const asked = middle.sends.length;
  await until(anna, async () => claimed > 0);
  // An answer later everything that follows from those keys has happened.
  await anna.findHandle("carol");
  expect((await anna.message(sent.id))?.status).toBe("queued");
  expect(middle.sends.slice(asked).some(({ targets }) => targets.some((target) => accountIdFromBytes(target.account) === account))).toBe(
    false,
  );
  await honestAgain();
  await statusOf(anna, sent, "sent");
  await hasText(carol, `a:${await accountOf(anna)}` as ConversationId, "for carol only");
});

test("a clock that is years ahead, with a sender who helps: dates that can be shown, and no message stays the last for years", async () => {
  middle.toClient = (frame): ServerFrame[] => {
    if (frame.type === "server-hello") frame.message.serverTimeMs += BigInt(50 * YEAR_MS);
    if (frame.type !== "batch") return [frame];
    return [{ ...frame, deliveries: frame.deliveries.map((delivery) => ({ ...delivery, serverTimeMs: Number.MAX_SAFE_INTEGER })) }];
  };
  middle.cut();
  await online(anna);
  await say(bela, belaStore, {
    to: await accountOf(anna),
    body: { case: "message", value: { text: "from the future" } },
    sentAtMs: Number.MAX_SAFE_INTEGER,
  });
  await hasText(anna, ab, "from the future");
  await anna.sendMessage({ conversation: ab, text: "an answer" });
  const { items } = await anna.messages({ conversation: ab, limit: 100 });
  for (const { sentAtMs, order } of items) {
    expect(() => new Intl.DateTimeFormat("en").format(sentAtMs)).not.toThrow();
    expect(order / 1_000 - Date.now()).toBeLessThan(3 * 24 * 3_600_000);
  }
  await hasText(bela, ba, "an answer");
});

test("DEVICE_REVOKED without a list, with somebody else's, with an old one: tried again, nothing is forgotten", async () => {
  const account = await accountOf(anna);
  const foreign = extendDeviceList(nodePrimitives, seedOf(belaStore), listOf(belaStore, await accountOf(bela)), {
    nowMs: Date.now(),
    add: [newDevice(DeviceKind.PHONE)],
    revoke: [{ device: 1, by: 2, reason: RevocationReason.REPLACED }],
  });
  if (!foreign.ok) throw new Error("no such list");
  let before = middle.connections;
  for (const list of [undefined, foreign.value, listOf(belaStore, account)]) {
    goodbye(list);
    await until(anna, async () => middle.connections > before && (await anna.state()).connection.kind === "online");
    before = middle.connections;
    expect((await anna.state()).phase).toBe("ready");
  }
  await bela.sendMessage({ conversation: ba, text: "still there?" });
  await hasText(anna, ab, "still there?");
});

test("frames, events and codes that nobody knows: ignored, or tried again", async () => {
  middle.show(Uint8Array.of(0x7e, 1, 2, 3));
  middle.show(Uint8Array.of(0x07, 0xfa, 0x07, 0x00));
  middle.show(Uint8Array.of(0x06));
  await bela.sendMessage({ conversation: ba, text: "after strange frames" });
  await hasText(anna, ab, "after strange frames");
  const before = middle.connections;
  goodbye(undefined, 999_999);
  await until(anna, async () => middle.connections > before && (await anna.state()).connection.kind === "online");
  expect((await anna.state()).phase).toBe("ready");
});

test("a handle answered with another account: the safety numbers differ, and a scanned code names the right one", async () => {
  const mallory = await register("mallory", openSqliteDatabase(":memory:"));
  const wrong = accountIdToBytes(await accountOf(mallory));
  middle.toClient = (frame) => {
    if (frame.type === "response" && frame.message.result.case === "findHandle") frame.message.result.value.accountId = wrong;
    return [frame];
  };
  const found = await anna.findHandle("bela");
  expect(found?.account).toBe(await accountOf(mallory));
  const shown = await anna.safetyNumber(found!.account);
  expect(shown.digits).not.toBe((await bela.safetyNumber(await accountOf(anna))).digits);
  expect((await anna.openContactCode(await bela.contactUri())).account).toBe(await accountOf(bela));
});

test("the beginning of history never reaches a new companion: it asks by itself and gets everything", async () => {
  const between = new Middle();
  let withheld = 0;
  let asked = false;
  between.toServer = (frame) => {
    // What a new device says after the silence is its question.
    if (frame.type === "send" && withheld > 0 && silent) asked = true;
    return true;
  };
  let silent = false;
  between.toClient = (frame) => {
    if (frame.type !== "batch" || asked) return [frame];
    withheld += frame.deliveries.length;
    return [{ ...frame, deliveries: [] }];
  };
  const companion = await world.link(anna, "laptop", { clock: hurried(10), transport: between.transport });
  await until(companion, async () => withheld > 0 && (await companion.state()).outboxCount === 0);
  silent = true;
  expect((await companion.state()).history.kind).toBe("none");
  await until(companion, async () => (await companion.state()).history.kind === "complete");
  expect(await texts(companion, ab)).toEqual(["hello", "hello back"]);
});
