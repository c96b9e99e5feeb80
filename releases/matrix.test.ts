/**
 * Every supported release with every other: servers × phones × companions. Each combination makes accounts, chats both ways, links, hands
 * history over, and chats again. Fields and requests that the other side does not know must do no harm: one run adds an unknown field to
 * every frame in both directions.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transport } from "@hawser/base";
import type { HawserClient } from "@hawser/client";
import type { RunningServer } from "@hawser/server";
import { FRAME_TYPES } from "@hawser/wire/frame-error";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { hasText, linkStage, texts, until } from "../packages/sdk/test/world.ts";
import { type Release, releases } from "./frozen.ts";

const all = await releases();
/** Of a key that nobody has to know. */
const P256_SPKI = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .publicKey.export({ format: "der", type: "spki" })
  .toString("base64url");
const table: { server: string; phone: string; companion: string; outcome: string }[] = [];
const folders: string[] = [];
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  console.table(table);
});

interface Place {
  readonly folder: string;
  readonly server: RunningServer;
}

async function place({ server }: Release): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-matrix-"));
  folders.push(folder);
  const running = await server.startServer({ dataDir: join(folder, "server"), registration: "open", logLevel: "silent" });
  open.push({ close: () => running.stop() });
  return { folder, server: running };
}

function device(
  { client }: Release,
  { folder, server }: Place,
  name: string,
  through = (real: Transport): Transport => real,
): HawserClient {
  const profile = join(folder, name);
  mkdirSync(profile, { recursive: true });
  const opened = client.createClient({
    database: client.openSqliteDatabase(join(profile, "client.db")),
    transport: through(client.webSocketTransport()),
    http: client.nodeHttp(),
    clock: client.systemClock,
    random: client.systemRandom,
    primitives: client.nodePrimitives,
    origin: server.origin,
    serverUrl: server.url,
    storage: { kind: "file", durable: true },
    platform: { kind: "sdk", version: "0.1.0", description: "matrix" },
    recoveryKdf: client.recoveryKdf,
  });
  open.push(opened);
  return opened;
}

async function account(client: HawserClient, handle: string): Promise<HawserClient> {
  await client.createAccount({ handle, displayName: handle, deviceName: `${handle}'s phone` });
  await until(client, async () => (await client.state()).connection.kind === "online");
  return client;
}

async function wholeStory(phone: HawserClient, friend: HawserClient, companion: HawserClient): Promise<void> {
  const [anna, bela] = [(await phone.state()).self!, (await friend.state()).self!];
  await phone.addContact({ account: bela.account, name: "bela" });
  await friend.addContact({ account: anna.account, name: "anna" });
  const ab = (await phone.openConversation(bela.account)).id;
  const ba = (await friend.openConversation(anna.account)).id;
  await phone.sendMessage({ conversation: ab, text: "to bela" });
  await hasText(friend, ba, "to bela");
  await friend.sendMessage({ conversation: ba, text: "to anna" });
  await hasText(phone, ab, "to anna");

  await companion.startLink({ deviceName: "laptop", platform: "matrix" });
  await phone.openLinkCode((await linkStage(companion, "waiting-for-scan")).uri!);
  const asked = await linkStage(phone, "comparing");
  expect((await linkStage(companion, "comparing")).matchCode).toBe(asked.matchCode);
  await phone.approveLink(asked.attempt!);
  await until(companion, async () => (await companion.state()).history.kind === "complete");
  expect(await texts(companion, ab)).toEqual(["to bela", "to anna"]);
  await companion.sendMessage({ conversation: ab, text: "from the laptop" });
  await hasText(friend, ba, "from the laptop");
  await hasText(phone, ab, "from the laptop");
  await friend.sendMessage({ conversation: ba, text: "to both" });
  await hasText(companion, ab, "to both");
  await hasText(phone, ab, "to both");
}

const combinations = all.flatMap((server) =>
  all.flatMap((phone) => all.map((companion) => ({ server, phone, companion, title: `${server.name}, ${phone.name}, ${companion.name}` }))),
);

test("there is a release to compare with, and each is what its manifest says", () => {
  expect(all.length).toBeGreaterThan(1);
  for (const release of all) expect(release.name === "current" || /^[0-9a-f]{64}$/.test(release.protocolHash)).toBe(true);
});

describe("server, phone, companion", () => {
  test.each(combinations)("$title", async ({ server, phone, companion }) => {
    const row = { server: server.name, phone: phone.name, companion: companion.name, outcome: "failed" };
    table.push(row);
    const where = await place(server);
    const anna = await account(device(phone, where, "anna"), "anna");
    const bela = await account(device(companion, where, "bela"), "bela");
    await wholeStory(anna, bela, device(companion, where, "laptop"));
    row.outcome = "linked, chatted, history complete";
  });
});

/** Field 2000, a varint: what a version of the future might add. */
const UNKNOWN_FIELD = [0x80, 0x7d, 0x01];
const HOT: readonly number[] = [FRAME_TYPES.send, FRAME_TYPES.cursor, FRAME_TYPES.batch];

function fromTheFuture(real: Transport): Transport {
  const grown = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
    HOT.includes(bytes[0]!) ? Uint8Array.from(bytes) : Uint8Array.from([...bytes, ...UNKNOWN_FIELD]);
  return {
    kind: real.kind,
    open(url, events) {
      const connection = real.open(url, { ...events, frame: (bytes) => events.frame(grown(bytes)) });
      return {
        get bufferedBytes() {
          return connection.bufferedBytes;
        },
        send: (bytes) => connection.send(grown(bytes)),
        close: (code, reason) => connection.close(code, reason),
      };
    },
  };
}

describe("with an unknown field in every frame, both ways", () => {
  test.each(all.map((release) => ({ release, title: release.name })))("$title", async ({ release }) => {
    const where = await place(release);
    const anna = await account(device(release, where, "anna", fromTheFuture), "anna");
    const bela = await account(device(release, where, "bela", fromTheFuture), "bela");
    await wholeStory(anna, bela, device(release, where, "laptop", fromTheFuture));
  });
});

describe("a profile and a server's data of an older release, opened by this version", () => {
  const [now] = all.slice(-1) as [Release];
  test.each(all.slice(0, -1).map((release) => ({ release, title: release.name })))("$title", async ({ release }) => {
    const before = await place(release);
    const phone = await account(device(release, before, "anna"), "anna");
    const friend = await account(device(release, before, "bela"), "bela");
    const bela = (await friend.state()).self!;
    await phone.addContact({ account: bela.account, name: "bela" });
    const ab = (await phone.openConversation(bela.account)).id;
    await phone.sendMessage({ conversation: ab, text: "before the update" });
    await until(phone, async () => (await phone.state()).outboxCount === 0);
    const recoveryCode = await phone.createRecoveryCode();
    const { port } = before.server;
    for (const each of open.splice(0).toReversed()) await each.close();

    const server = await now.server.startServer({ dataDir: join(before.folder, "server"), port, registration: "open", logLevel: "silent" });
    open.push({ close: () => server.stop() });
    const after: Place = { folder: before.folder, server };
    const [anna, belaNow] = [device(now, after, "anna"), device(now, after, "bela")];
    const ba = (await belaNow.openConversation((await anna.state()).self!.account)).id;
    await hasText(belaNow, ba, "before the update");
    await belaNow.sendMessage({ conversation: ba, text: "after it" });
    await hasText(anna, ab, "after it");
    expect(await texts(anna, ab)).toEqual(["before the update", "after it"]);
    const { account: own } = (await anna.state()).self!;
    expect((await anna.recoveryState()).code).toBeDefined();
    const { account: found } = await device(now, after, "restored").restoreAccount({
      handle: "anna",
      recoveryCode,
      deviceName: "new phone",
    });
    expect(found).toBe(own);
  });
});

describe("recovery, this version's phone at a server of an older release", () => {
  const [now] = all.slice(-1) as [Release];
  test.each(all.slice(0, -1).map((release) => ({ release, title: release.name })))("$title", async ({ release }) => {
    const where = await place(release);
    const phone = await account(device(now, where, "anna"), "anna");
    await phone.addPasskey({ credentialId: "AQ", spki: P256_SPKI, rpId: "127.0.0.1" });
    const prfOutput = new Uint8Array(32).fill(1);
    const added = phone.addRecoveryPasskey({ credentialId: "AQ", prfOutput });
    if ("addRecoveryPasskey" in device(release, where, "of-that-release")) await added;
    else {
      await expect(added).rejects.toMatchObject({ code: "UNKNOWN_OPERATION" });
      await expect(phone.recoveryState()).rejects.toMatchObject({ code: "UNKNOWN_OPERATION" });
      const restoring = device(now, where, "by-passkey").restoreAccount({ prfOutput, deviceName: "x" });
      await expect(restoring).rejects.toMatchObject({ code: "UNKNOWN_OPERATION" });
    }
    await phone.removePasskey("AQ");
    const recoveryCode = await phone.createRecoveryCode();
    await device(now, where, "by-code").restoreAccount({ handle: "anna", recoveryCode, deviceName: "new phone" });
  });
});
