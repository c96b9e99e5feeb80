/** A browser behind a proxy that lets no WebSocket through, and behind one that holds streams back: people link and chat all the same. */
import { type ProxyManners, startProxyFromHell } from "@hawser/server/proxy-from-hell";
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { linkTo, startPair } from "./harness/friend.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const CASES: readonly [string, ProxyManners, string][] = [
  ["a proxy that strips upgrades", { upgrade: "stripped" }, "sse"],
  ["a proxy that lets upgrades hang and holds streams back", { upgrade: "hangs", holdBackBytes: 65_536 }, "poll"],
];

for (const [name, manners, expected] of CASES) {
  scenario(name, async (world) => {
    const proxy = await startProxyFromHell();
    world.atEnd(() => proxy.stop());
    const server = await world.startServer({ origin: proxy.url });
    proxy.upstreamUrl = `http://127.0.0.1:${server.port}`;
    const { self, friend } = await startPair(world, server.url);
    const profile = await world.companion();
    profile.expectFault(SERVER_GONE);
    proxy.manners = manners;
    const companion = await CompanionApp.open(await profile.page(), server.url);
    await linkTo(companion, self);
    const transport = () => companion.page.evaluate(() => document.documentElement.dataset["transport"]);
    await until(`${expected} carries`, async () => (await transport()) === expected);
    await companion.chats.open("mert");
    const texts = REAL_TEXTS.slice(300, 308);
    for (const text of texts) await companion.chats.enter(text);
    for (const text of texts) await friend.receives(text);
    await friend.sends(REAL_TEXTS[310]!);
    await companion.chats.sees(REAL_TEXTS[310]!);
    // The network becomes another one, in the middle of what is said.
    proxy.manners = {};
    proxy.cutAll();
    for (const text of REAL_TEXTS.slice(320, 324)) await companion.chats.enter(text);
    for (const text of REAL_TEXTS.slice(320, 324)) await friend.receives(text);
    expect(friend.received).toEqual([...texts, ...REAL_TEXTS.slice(320, 324)]);
  });
}
