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
