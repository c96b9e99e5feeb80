/**
 * What docs/THREAT-MODEL.md claims of strangers and of people one writes with, tried with a client that says whatever it likes (and, where
 * that makes it worse, a server that helps it): nobody speaks in another's chat, takes another's place, learns whether a device is there, or
 * gets what was not sealed for it.
 */
import { type AccountId, accountIdFromBytes, type MessageId, messageIdToBytes, newMessageId, type SqlDatabase } from "@hawser/base";
import { openSqliteDatabase, systemClock, systemRandom } from "@hawser/io-node";
import { type Delivery, ReceiptKind } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ConversationId, HawserClient } from "../src/index.ts";
import { Middle, say } from "./middle.ts";
import { hasText, hurried, linkStage, statusOf, texts, until, World } from "./world.ts";

let world: World;
let middle: Middle;
let anna: HawserClient;
let bela: HawserClient;
let belaStore: SqlDatabase;
let mallory: HawserClient;
let malloryStore: SqlDatabase;
let ab: ConversationId;
let ba: ConversationId;

const accountOf = async (client: HawserClient): Promise<AccountId> => (await client.state()).self!.account;
const chatWith = async (client: HawserClient): Promise<ConversationId> => `a:${await accountOf(client)}` as ConversationId;
const newId = (): MessageId => newMessageId(systemClock.nowMs(), systemRandom);

async function register(handle: string, database: SqlDatabase, between?: Middle): Promise<HawserClient> {
  const client = world.open(handle, { database, clock: hurried(5), ...(between === undefined ? {} : { transport: between.transport }) });
  await client.createAccount({ handle, displayName: handle, deviceName: "phone" });
  await until(client, async () => (await client.state()).connection.kind === "online");
  return client;
}

beforeEach(async () => {
  world = new World();
  await world.start();
  middle = new Middle();
  belaStore = openSqliteDatabase(":memory:");
  malloryStore = openSqliteDatabase(":memory:");
  anna = await register("anna", openSqliteDatabase(":memory:"), middle);
  bela = await register("bela", belaStore);
  mallory = await register("mallory", malloryStore);
  ({ ab, ba } = await world.befriend(anna, bela));
  await bela.sendMessage({ conversation: ba, text: "hello" });
  await hasText(anna, ab, "hello");
});
afterEach(() => world.stop());

/** SEND frames of anna's that carry something for the account. */
const sentTo = (account: AccountId): number =>
  middle.sends.filter(({ targets }) =>
    targets.some((target) => target.capsules.length > 0 && accountIdFromBytes(target.account) === account),
  ).length;

/** Nobody can read it: this byte is ciphertext, or behind it, in a first message as well as in a later one. */
function damaged(delivery: Delivery): Delivery {
  const capsule = delivery.capsule.slice();
  capsule[120]! ^= 1;
  return { ...delivery, capsule };
}

test("a stranger cannot fill a line that could not be read in somebody else's chat", async () => {
  middle.toServer = (frame) => frame.type !== "send";
  middle.toClient = (frame) => [frame.type === "batch" ? { ...frame, deliveries: frame.deliveries.map(damaged) } : frame];
  const { id } = await bela.sendMessage({ conversation: ba, text: "what bela said" });
  await until(anna, async () => (await anna.message(id))?.kind === "undecryptable");
  middle.toClient = (frame) => [frame];
  const address = await accountOf(anna);
  await say(mallory, malloryStore, { to: address, id, body: { case: "message", value: { text: "in bela's name" } } });
  await hasText(anna, await chatWith(mallory), "in bela's name");
  expect(await anna.message(id)).toMatchObject({ kind: "undecryptable", text: "", conversation: ab });
  // Nor remove it by claiming that there is nothing to show.
  await say(mallory, malloryStore, { to: address, envelope: newId(), id, body: { case: "nothing", value: {} } });
  await say(mallory, malloryStore, { to: address, body: { case: "message", value: { text: "afterwards" } } });
  await hasText(anna, await chatWith(mallory), "afterwards");
  expect((await anna.message(id))?.kind).toBe("undecryptable");
  middle.toServer = () => true;
  middle.cut();
  await hasText(anna, ab, "what bela said");
});

test("a message whose number a stranger used before arrives all the same, and its receipt means it", async () => {
  const id = newId();
  await say(mallory, malloryStore, { to: await accountOf(anna), id, body: { case: "message", value: { text: "first with this number" } } });
  await hasText(anna, await chatWith(mallory), "first with this number");
  const sent = await bela.sendMessage({ conversation: ba, text: "with a number that is taken", id });
  await hasText(anna, ab, "with a number that is taken");
  await statusOf(bela, sent, "delivered");
  expect(await texts(anna, await chatWith(mallory))).toEqual(["first with this number"]);
});

test("a stranger is neither answered nor asked before somebody accepts: nothing tells when a device is there", async () => {
  const stranger = await accountOf(mallory);
  const address = await accountOf(anna);
  await say(mallory, malloryStore, { to: address, body: { case: "resendRequest", value: { messageId: messageIdToBytes(newId()) } } });
  middle.toClient = (frame) => [frame.type === "batch" ? { ...frame, deliveries: frame.deliveries.map(damaged) } : frame];
  await say(mallory, malloryStore, { to: address, body: { case: "message", value: { text: "could not be read" } } });
  await until(anna, async () => (await anna.conversation(await chatWith(mallory)))?.last?.kind === "undecryptable");
  middle.toClient = (frame) => [frame];
  await anna.sendMessage({ conversation: ab, text: "goes on" });
  await hasText(bela, ba, "goes on");
  expect(sentTo(stranger)).toBe(0);
  expect((await anna.conversation(await chatWith(mallory)))?.isRequest).toBe(true);
  await anna.acceptRequest(await chatWith(mallory));
  await until(anna, async () => sentTo(stranger) > 0);
});

test("only a device that a message was sealed for gets it again", async () => {
  const { id } = await anna.sendMessage({ conversation: ab, text: "before the laptop" });
  await hasText(bela, ba, "before the laptop");
  const laptopStore = openSqliteDatabase(":memory:");
  const laptop = world.open("laptop", { database: laptopStore, clock: hurried(5) });
  await laptop.startLink({ deviceName: "laptop", platform: "test" });
  await bela.openLinkCode((await linkStage(laptop, "waiting-for-scan")).uri!);
  await bela.approveLink((await linkStage(bela, "comparing")).attempt!);
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  const ask = { case: "resendRequest", value: { messageId: messageIdToBytes(id) } } as const;
  const address = await accountOf(anna);
  for (const store of [laptopStore, belaStore]) {
    store.prepare("DELETE FROM attachments").run();
    store.prepare("DELETE FROM messages WHERE id = ?").run(messageIdToBytes(id));
  }
  await say(laptop, laptopStore, { to: address, body: ask });
  await say(bela, belaStore, { to: address, body: ask });
  // The phone was meant, and shows that the answers have come.
  await hasText(bela, ba, "before the laptop");
  await anna.sendMessage({ conversation: ab, text: "behind the answers" });
  await hasText(laptop, ba, "behind the answers");
  expect(await texts(laptop, ba)).not.toContain("before the laptop");
});

test("receipts, shared state and history of another account change nothing", async () => {
  await world.close("bela");
  const sent = await anna.sendMessage({ conversation: ab, text: "to bela" });
  await statusOf(anna, sent, "sent");
  const to = await accountOf(anna);
  await say(mallory, malloryStore, {
    to,
    body: { case: "receipts", value: { kind: ReceiptKind.READ, messageIds: [messageIdToBytes(sent.id)], atMs: 1n } },
  });
  const update = {
    collection: "contact",
    key: await accountOf(mallory),
    value: new Uint8Array(0),
    timeMs: 9_000_000_000_000n,
    counter: 0,
    device: 1,
  };
  await say(mallory, malloryStore, {
    to,
    body: { case: "state", value: { updates: [update, { ...update, collection: "device", key: "1" }] } },
  });
  const jobId = systemRandom.bytes(16);
  await say(mallory, malloryStore, {
    to,
    body: { case: "historyFromSource", value: { message: { case: "start", value: { jobId, messageCount: 5n } } } },
  });
  await say(mallory, malloryStore, { to, body: { case: "historyToSource", value: { message: { case: "request", value: { jobId } } } } });
  await say(mallory, malloryStore, { to, body: { case: "message", value: { text: "afterwards" } } });
  await hasText(anna, await chatWith(mallory), "afterwards");
  expect((await anna.message(sent.id))?.status).toBe("sent");
  expect((await anna.contacts()).map(({ name }) => name)).toEqual(["bela"]);
  expect((await anna.state()).history.kind).toBe("none");
  expect(sentTo(await accountOf(mallory))).toBe(0);
});
