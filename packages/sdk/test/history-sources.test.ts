/** History from another companion when the phone is away, against a real server. Patience runs faster here; nothing waits for a time. */
import type { Http } from "@hawser/base";
import { nodeHttp, systemClock } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConversationId, fileSourceOfBytes, type HawserClient } from "../src/node/index.ts";
import { hasText, hurried, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** A clock on which everything lasts a fifteenth: half a minute of silence is over in two seconds. */
const TIMES = 15;
const startedMs = systemClock.nowMs();
const IMPATIENT = {
  clock: {
    ...hurried(TIMES),
    nowMs: () => startedMs + (systemClock.nowMs() - startedMs) * TIMES,
    monotonicMs: () => systemClock.monotonicMs() * TIMES,
  },
};
const complete = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).history.kind === "complete" && (await client.state()).gapSinceMs === undefined);

/** An exported chat of so many lines: one write instead of thousands of messages. */
async function importChat(client: HawserClient, lines: number): Promise<ConversationId> {
  const two = (n: number): string => String(n).padStart(2, "0");
  const line = (i: number): string =>
    `[${two(1 + (Math.floor(i / 1_440) % 28))}/01/2024, ${two(Math.floor(i / 60) % 24)}:${two(i % 60)}:00] ${i % 2 === 0 ? "Anna" : "Ekrem"}: line ${i}`;
  const bytes = new TextEncoder().encode(Array.from({ length: lines }, (_, i) => line(i)).join("\n"));
  const file = fileSourceOfBytes("WhatsApp Chat with Ekrem.txt", "text/plain", bytes);
  const preview = await client.previewImport(file);
  return (await client.runImport({ importId: preview.importId, title: preview.title, self: "Anna" })).conversation;
}

async function count(client: HawserClient, conversation: ConversationId): Promise<number> {
  const seen = new Set<string>();
  let page = await client.messages({ conversation, limit: 500 });
  for (;;) {
    for (const { id } of page.items) expect(seen.has(id), "a message stands there twice").toBe(false);
    for (const { id } of page.items) seen.add(id);
    const last = page.items.at(-1);
    if (!page.hasOlder || last === undefined) return seen.size;
    page = await client.messages({ conversation, limit: 500, beforeOrder: last.order });
  }
}

/** Uploads of history stop for good after so many: a phone that dies under way. */
function dying(uploads: number): { http: Http; dead: Promise<void> } {
  const real = nodeHttp();
  let left = uploads;
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => (die = resolve));
  return {
    dead,
    http: {
      request(request) {
        if (request.method === "PUT" && left-- <= 0) {
          die();
          return new Promise(() => undefined);
        }
        return real.request(request);
      },
    },
  };
}

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
  const laptop = await world.link(anna, "laptop", IMPATIENT);
  await cut.dead;
  await until(laptop, async () => (await count(laptop, chat)) === 2_000);
  await world.close("anna");
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
  const laptop = await world.link(mute, "laptop", IMPATIENT);
  const tablet = await world.link(mute, "tablet", IMPATIENT);
  await world.close("anna");
  await complete(laptop);
  await complete(tablet);
  expect(await texts(laptop, ab)).toEqual(["one"]);
  expect(await texts(tablet, ab)).toEqual(["one"]);
  await laptop.requestHistory({ conversation: ab });
  await until(laptop, async () => (await laptop.conversation(ab))?.historyComplete === true);
}, 90_000);
