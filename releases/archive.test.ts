/** The archive with devices of two releases, before and after a removal renewed its key: both write it, both believe what the other wrote. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Http } from "@hawser/base";
import type { HawserClient } from "@hawser/client";
import type { RunningServer } from "@hawser/server";
import { afterEach, expect, test } from "vitest";
import { archived } from "../packages/sdk/test/archive-world.ts";
import { dying } from "../packages/sdk/test/long-history.ts";
import { hasText, linkStage, quick, texts, until } from "../packages/sdk/test/world.ts";
import { newestFrozen, type Release, releases } from "./frozen.ts";

const [frozen, now] = [await newestFrozen(), (await releases()).at(-1)!];
const folder = mkdtempSync(join(tmpdir(), "hawser-archive-releases-"));
const open = new Map<string, HawserClient>();
let server: RunningServer;

afterEach(async () => {
  for (const client of open.values()) await client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (place: string, name: string): string => join(folder, place, name, "client.db");

async function start({ client }: Release, place: string, name: string, times = 1, http: Http = client.nodeHttp()): Promise<HawserClient> {
  await open.get(name)?.close();
  mkdirSync(join(folder, place, name), { recursive: true });
  const opened = client.createClient({
    database: client.openSqliteDatabase(fileOf(place, name)),
    transport: client.webSocketTransport(),
    http,
    clock: quick(times),
    random: client.systemRandom,
    primitives: client.nodePrimitives,
    origin: server.origin,
    serverUrl: server.url,
    storage: { kind: "file", durable: true },
    platform: { kind: "sdk", version: "0.1.0", description: "releases" },
    recoveryKdf: client.recoveryKdf,
  });
  open.set(name, opened);
  return opened;
}

async function link(phone: HawserClient, companion: HawserClient, deviceName: string): Promise<void> {
  await companion.startLink({ deviceName, platform: "releases" });
  await phone.openLinkCode((await linkStage(companion, "waiting-for-scan")).uri!);
  await phone.approveLink((await linkStage(phone, "comparing")).attempt!);
  await linkStage(companion, "active");
}
const complete = (client: HawserClient): Promise<void> => until(client, async () => (await client.state()).history.kind === "complete");
/** What waits there is taken for long overdue, by a clock that was wrong: a companion writes it at once. */
async function writes(release: Release, place: string, name: string): Promise<void> {
  await open.get(name)!.close();
  const database = new DatabaseSync(fileOf(place, name));
  database.exec("UPDATE archive_rows SET noted_at_ms = 4e12 WHERE tail = 0");
  database.close();
  const client = await start(release, place, name);
  await until(client, async () => (await client.archive()).waiting === 0);
  expect((await client.archive()).trouble).toBeUndefined();
}

const pairs = [
  { server: now, phone: now, companion: frozen },
  { server: now, phone: frozen, companion: now },
  { server: frozen, phone: now, companion: now },
].map((pair) => ({ ...pair, title: `server ${pair.server.name}, phone ${pair.phone.name}, companion ${pair.companion.name}` }));

test.each(pairs)("$title", { timeout: 60_000 }, async (pair) => {
  const place = pair.title;
  server = await pair.server.server.startServer({ dataDir: join(folder, place), registration: "open", logLevel: "silent" });
  let anna = await start(pair.phone, place, "anna");
  await anna.createAccount({ handle: "anna", displayName: "anna", deviceName: "phone" });
  const bela = await start(now, place, "bela");
  await bela.createAccount({ handle: "bela", displayName: "bela", deviceName: "phone" });
  const [{ account: a }, { account: b }] = [(await anna.state()).self!, (await bela.state()).self!];
  await anna.addContact({ account: b, name: "bela" });
  await bela.addContact({ account: a, name: "anna" });
  const [ab, ba] = [(await anna.openConversation(b)).id, (await bela.openConversation(a)).id];
  for (const name of ["laptop", "desk"]) {
    const companion = await start(pair.companion, place, name);
    await link(anna, companion, name);
    await complete(companion);
  }
  const said = async (text: string, ...names: string[]): Promise<void> => {
    await bela.sendMessage({ conversation: ba, text });
    for (const name of names) await hasText(open.get(name)!, ab, text);
  };
  anna = await start(pair.phone, place, "anna", 60);
  await until(anna, async () => (await anna.state()).connection.kind === "online");
  await anna.setArchive(true);
  await said("one", "anna", "laptop");
  await archived(anna, 1);
  await until(open.get("laptop")!, async () => (await open.get("laptop")!.archive()).on);
  await open.get("anna")!.close();
  await said("two", "laptop");
  await writes(pair.companion, place, "laptop");
  anna = await start(pair.phone, place, "anna", 60);
  await said("three", "anna", "laptop");
  await archived(anna, 3);
  await anna.revokeDevice((await open.get("desk")!.state()).self!.device);
  await said("four", "anna", "laptop");
  await archived(anna, 4);
  // Without its phone the companion writes under the new key, and the phone goes on from there.
  await open.get("anna")!.close();
  await said("five", "laptop");
  await writes(pair.companion, place, "laptop");
  anna = await start(pair.phone, place, "anna", 60);
  await said("six", "anna");
  await archived(anna, 6);
  // What is linked now has it from the archive alone.
  anna = await start(pair.phone, place, "anna", 1, dying(0).http);
  await until(anna, async () => (await anna.state()).connection.kind === "online");
  await open.get("laptop")!.close();
  await link(anna, await start(now, place, "tablet"), "tablet");
  await open.get("anna")!.close();
  const tablet = await start(now, place, "tablet", 15);
  await complete(tablet);
  expect(await texts(tablet, ab)).toEqual(["one", "two", "three", "four", "five", "six"]);
  expect((await tablet.archive()).trouble).toBeUndefined();
});
