/** History from another companion when the phone is away, against a real server. Patience runs faster here; nothing waits for a time. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSqliteDatabase } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { count, dying, importChat } from "./long-history.ts";
import { hasText, quick, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const IMPATIENT = { clock: quick(15) };
const complete = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).history.kind === "complete" && (await client.state()).gapSinceMs === undefined);

test("the source dies at 40 %: another companion goes on, nothing comes twice, the phone may come back", async () => {
  let anna = await world.account("anna");
  const desk = await world.link(anna, "desk");
  await complete(desk);
  const chat = await importChat(anna, 5_000);
  await until(desk, async () => (await desk.conversation(chat)) !== undefined && (await count(desk, chat)) === 5_000);
  await world.close("anna");
  const cut = dying(2);
  anna = world.open("anna", { http: cut.http });
  await until(anna, async () => (await anna.state()).connection.kind === "online");
  let laptop = await world.link(anna, "laptop");
  await cut.dead;
  await until(laptop, async () => (await count(laptop, chat)) === 2_000);
  await world.close("anna");
  await world.close("laptop");
  laptop = world.open("laptop", IMPATIENT);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(5_000);
  expect((await laptop.conversation(chat))?.historyComplete).toBe(true);
  anna = world.open("anna");
  await until(anna, async () => (await anna.state()).connection.kind === "online" && (await anna.state()).outboxCount === 0);
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(5_000);
}, 90_000);

test("a chat that is only partly here can be loaded from another companion; one that is being filled itself is passed over", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab } = await world.befriend(anna, bela);
  const desk = await world.link(anna, "desk");
  await complete(desk);
  await anna.sendMessage({ conversation: ab, text: "one" });
  await hasText(desk, ab, "one");
  // Two new companions whose phone falls silent at once: neither has anything, and each has to find the desk.
  const cut = dying(0);
  await world.close("anna");
  const mute = world.open("anna", { http: cut.http });
  await until(mute, async () => (await mute.state()).connection.kind === "online");
  for (const name of ["laptop", "tablet"]) await world.link(mute, name);
  for (const name of ["anna", "laptop", "tablet"]) await world.close(name);
  const [laptop, tablet] = [world.open("laptop", IMPATIENT), world.open("tablet", IMPATIENT)];
  await complete(laptop);
  await complete(tablet);
  expect(await texts(laptop, ab)).toEqual(["one"]);
  expect(await texts(tablet, ab)).toEqual(["one"]);
  await laptop.requestHistory({ conversation: ab });
  await until(laptop, async () => (await laptop.conversation(ab))?.historyComplete === true);
}, 90_000);

test("older messages of two chats, asked for while the phone is off: a companion that lacks them itself does not end the wait", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab } = await world.befriend(anna, bela);
  for (let i = 0; i < 30; i++) await anna.sendMessage({ conversation: ab, text: `to bela ${i}` });
  const chat = await importChat(anna, 60);
  await until(anna, async () => (await anna.state()).outboxCount === 0);
  // Two companions get the newest messages of each chat, and their phone is gone: they have nothing but one another.
  const cut = dying(0);
  await world.close("anna");
  const mute = world.open("anna", { http: cut.http });
  await until(mute, async () => (await mute.state()).connection.kind === "online");
  for (const name of ["laptop", "tablet"]) {
    const companion = await world.link(mute, name);
    await until(
      companion,
      async () => (await companion.conversation(chat)) !== undefined && (await companion.conversation(ab)) !== undefined,
    );
  }
  for (const name of ["anna", "laptop", "tablet"]) await world.close(name);
  const [laptop, tablet] = [world.open("laptop", IMPATIENT), world.open("tablet", IMPATIENT)];
  await complete(laptop);
  await complete(tablet);
  for (const id of [ab, chat]) {
    expect(await laptop.conversation(id)).toMatchObject({ historyComplete: false, historyAsked: false });
    await laptop.requestHistory({ conversation: id });
    await laptop.requestHistory({ conversation: id });
    expect(await laptop.conversation(id)).toMatchObject({ historyComplete: false, historyAsked: true });
  }
  const database = openSqliteDatabase(join(world.folder, "laptop", "client.db"));
  const { device } = (await tablet.state()).self!;
  const asked = () => database.prepare("SELECT job FROM history_jobs WHERE direction = 1 AND finished = 0 AND device = ?").all(device);
  await until(laptop, () => Promise.resolve(asked().length === 2));
  database.close();
  for (const text of ["is the tablet there", "yes"]) {
    await tablet.sendMessage({ conversation: ab, text });
    await hasText(laptop, ab, text);
  }
  for (const id of [ab, chat]) expect(await laptop.conversation(id)).toMatchObject({ historyComplete: false, historyAsked: true });

  world.open("anna");
  for (const [id, messages] of [
    [ab, 32],
    [chat, 60],
  ] as const) {
    await until(laptop, async () => (await laptop.conversation(id))!.historyComplete);
    expect(await count(laptop, id)).toBe(messages);
    expect((await laptop.conversation(id))!.historyAsked).toBe(false);
  }
}, 90_000);

test("no room for history on this device: it pauses and says so, and goes on by itself when there is room", async () => {
  const anna = await world.account("anna");
  const folder = join(world.folder, "laptop");
  mkdirSync(folder);
  const database = openSqliteDatabase(join(folder, "client.db"));
  await complete(await world.link(anna, "laptop", { database }));
  const laptop = world.clients.get("laptop")!;
  // Room for what announces the chunks, not for their rows.
  const pages = database.prepare("PRAGMA page_count").get<{ page_count: number }>()!.page_count;
  database.exec(`PRAGMA max_page_count = ${pages + 40}`);
  const chat = await importChat(anna, 5_000);
  await until(laptop, async () => {
    const { history } = await laptop.state();
    return history.kind === "running" && history.storageFull;
  });
  database.exec("PRAGMA max_page_count = 1073741823");
  await complete(laptop);
  expect(await count(laptop, chat)).toBe(5_000);
}, 60_000);
