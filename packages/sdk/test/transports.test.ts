/** Real clients through a proxy with bad manners: whatever it does to WebSockets and streams, people chat, and everything arrives once. */
import { startProxyFromHell, type ProxyFromHell, type ProxyManners } from "@hawser/server/proxy-from-hell";
import { nodeStreamingHttp, systemClock } from "@hawser/io-node";
import { httpTransport } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { until, World } from "./world.ts";

let world: World;
let proxy: ProxyFromHell;

beforeEach(async () => {
  world = new World();
  await world.start();
  proxy = await startProxyFromHell(world.server.url);
});
afterEach(async () => {
  await world.stop();
  await proxy.stop();
});

/** Through the proxy, with everything a client may fall back on. */
const through = () => {
  const http = nodeStreamingHttp();
  return { serverUrl: proxy.url, otherTransports: (["sse", "poll"] as const).map((kind) => httpTransport(kind, http, systemClock)) };
};

async function transportOf(client: HawserClient): Promise<string> {
  const { connection } = await client.state();
  return connection.kind === "online" ? connection.transport : connection.kind;
}

const CASES: readonly [string, ProxyManners, string][] = [
  ["works", {}, "websocket"],
  ["strips Upgrade", { upgrade: "stripped" }, "sse"],
  ["answers 503 to Upgrade", { upgrade: "503" }, "sse"],
  ["lets the upgrade hang", { upgrade: "hangs" }, "sse"],
  ["strips Upgrade and holds answers back", { upgrade: "stripped", holdBackBytes: 65_536 }, "poll"],
  ["lets the upgrade hang and holds answers back", { upgrade: "hangs", holdBackBytes: 65_536 }, "poll"],
  ["is slow", { upgrade: "503", delayMs: 120 }, "sse"],
];

test.each(CASES)("a proxy that %s", async (_name, manners, expected) => {
  proxy.manners = manners;
  const ada = await world.account("ada", through());
  const bob = await world.account("bob");
  const { ab, ba } = await world.befriend(ada, bob);
  expect(await transportOf(ada)).toBe(expected);
  const texts = Array.from({ length: 20 }, (_, i) => `message ${i} ${"x".repeat(i * 500)}`);
  for (const text of texts) {
    await ada.sendMessage({ conversation: ab, text });
    await bob.sendMessage({ conversation: ba, text });
  }
  await arrived(bob, ba, texts);
  await arrived(ada, ab, texts);
});

test("from one transport to the other in the middle of many messages: each arrives once, in order", async () => {
  const ada = await world.account("ada", through());
  const bob = await world.account("bob", through());
  const { ab, ba } = await world.befriend(ada, bob);
  const changes: readonly [ProxyManners, readonly string[]][] = [
    [{ upgrade: "stripped" }, ["sse"]],
    // A stream that was there before and is asked for again brings what was held back when the one before ends: slowly, but it carries.
    [{ upgrade: "hangs", holdBackBytes: 16 * 1_048_576 }, ["poll", "sse"]],
    [{}, ["websocket"]],
    [{ upgrade: "503", cutAfterMs: 900 }, ["sse"]],
  ];
  const texts: string[] = [];
  const say = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const text = `message ${texts.length} ${"y".repeat((texts.length % 7) * 3_000)}`;
      texts.push(text);
      await ada.sendMessage({ conversation: ab, text });
      await bob.sendMessage({ conversation: ba, text });
    }
  };
  for (const [manners, expected] of changes) {
    await say(6);
    // What is under way in either direction is lost with its connection.
    proxy.manners = manners;
    proxy.cutAll();
    for (const client of [ada, bob]) await client.networkHint("changed");
    await say(6);
    for (const client of [ada, bob]) await until(client, async () => expected.includes((await transportOf(client)) ?? ""));
  }
  await arrived(bob, ba, texts);
  await arrived(ada, ab, texts);
});

test("connections that are cut after some kilobytes lose nothing: streams go on where they were", async () => {
  proxy.manners = { upgrade: "503", cutAfterBytes: 200_000 };
  const ada = await world.account("ada", through());
  const bob = await world.account("bob");
  const { ba } = await world.befriend(ada, bob);
  const texts = Array.from({ length: 25 }, (_, i) => `message ${i} ${"z".repeat(8_000)}`);
  const offline: string[] = [];
  ada.subscribe((event) => {
    if (event.type === "state" && event.state.connection.kind === "offline") offline.push("offline");
  });
  for (const text of texts) await bob.sendMessage({ conversation: ba, text });
  await arrived(ada, (await ada.openConversation((await bob.state()).self!.account)).id, texts);
  expect([await transportOf(ada), offline]).toEqual(["sse", []]);
});

test("what works is remembered across a restart, so that a hanging upgrade costs nothing the second time", async () => {
  proxy.manners = { upgrade: "hangs" };
  await world.account("ada", through());
  await world.close("ada");
  const ports = through();
  let upgrades = 0;
  const again = world.open("ada", {
    ...ports,
    transport: {
      kind: "websocket",
      open: (_url, events) => (upgrades++, { send() {}, bufferedBytes: 0, close: () => events.closed(1006, "") }),
    },
  });
  await until(again, async () => (await transportOf(again)) === "sse");
  expect(upgrades).toBe(0);
});

/** What the other one wrote stands there once, in order. */
async function arrived(
  client: HawserClient,
  conversation: Parameters<HawserClient["messages"]>[0]["conversation"],
  texts: readonly string[],
) {
  const received = async (): Promise<string[]> =>
    (await client.messages({ conversation, limit: 100 })).items.filter((one) => !one.outgoing).map((one) => one.text);
  await until(client, async () => (await received()).length >= texts.length);
  expect((await received()).toReversed()).toEqual(texts);
}
