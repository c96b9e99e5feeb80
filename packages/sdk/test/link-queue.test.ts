/**
 * A busy server, real clients: a link waits with a place that both screens show and goes on by itself; with a full line a person is told
 * when to come back, and pressing again asks nobody; and messages take no notice of any of it, nor of link, history and keys being dead.
 */
import { afterEach, expect, test } from "vitest";
import type { ClientEvent, HawserClient, LinkStatus } from "../src/node/index.ts";
import { linkStage, until, World } from "./world.ts";

const MESSAGES = 1_000;
let world: World;
afterEach(() => world.stop());

/** The first link has its turn at once; then one in `everyMs`. */
async function busyWorld(everyMs: number, waiting: number): Promise<void> {
  world = new World();
  await world.start({ limits: { links: { perSecond: 1_000 / everyMs, waiting } } });
}

async function showCode(name: string): Promise<{ companion: HawserClient; uri: string }> {
  const companion = world.open(name);
  await companion.startLink({ deviceName: name, platform: "test" });
  const { uri } = await linkStage(companion, "waiting-for-scan");
  await until(companion, async () => (await companion.state()).connection.kind === "online");
  return { companion, uri: uri! };
}

/** Places that a screen has shown. */
function places(client: HawserClient): number[] {
  const seen: number[] = [];
  client.subscribe((event: ClientEvent) => {
    if (event.type === "link" && event.link.queue !== undefined) seen.push(event.link.queue.place);
  });
  return seen;
}

test("a link that has to wait shows its place on both screens, then goes on by itself", async () => {
  await busyWorld(6_000, 10);
  const [anna, bert] = [await world.account("anna"), await world.account("bert")];
  const first = await showCode("annas");
  const second = await showCode("berts");
  const [onPhone, onCompanion] = [places(bert), places(second.companion)];
  await anna.openLinkCode(first.uri);
  // Her turn is taken before he asks.
  await linkStage(anna, "comparing");
  await bert.openLinkCode(second.uri);
  const asked = await linkStage(bert, "comparing");
  expect(onPhone[0]).toBe(1);
  expect(onCompanion[0]).toBe(1);
  expect((await bert.linkStatus())?.queue).toBeUndefined();
  await bert.approveLink(asked.attempt!);
  expect((await linkStage(second.companion, "active")).queue).toBeUndefined();
});

test("when the line is full, 20 presses of “again” are one request, and each says how long it still takes", async () => {
  await busyWorld(600_000, 1);
  const phones = [await world.account("anna"), await world.account("bert"), await world.account("carl")];
  const codes = [await showCode("annas"), await showCode("berts"), await showCode("carls")];
  await phones[0]!.openLinkCode(codes[0]!.uri);
  await linkStage(phones[0]!, "comparing");
  const waits = places(phones[1]!);
  await phones[1]!.openLinkCode(codes[1]!.uri);
  await until(phones[1]!, () => Promise.resolve(waits.length > 0));
  const carl = phones[2]!;
  const refused = async (): Promise<number> => (await metric("hawser_requests_refused_total", "ADMISSION_FULL")) ?? 0;
  for (let press = 0; press < 20; press++) {
    await carl.openLinkCode(codes[2]!.uri);
    const status = await failed(carl);
    expect(status.error).toMatchObject({ name: "ADMISSION_FULL", canRetry: true });
    expect(status.error?.retryAtMs).toBeGreaterThan(0);
    expect(status.failuresInARow).toBe(0);
  }
  expect(await refused()).toBeLessThanOrEqual(3);
});

test("with link, history and keys dead, 1,000 messages arrive, none lost", async () => {
  world = new World();
  await world.start();
  const [anna, bert] = [await world.account("anna"), await world.account("bert")];
  const { ab, ba } = await world.befriend(anna, bert);
  await anna.sendMessage({ conversation: ab, text: "hello" });
  await until(bert, async () => (await bert.messages({ conversation: ba, limit: 5 })).items.length === 1);
  for (const role of ["rendezvous", "prekeys", "blobs"] as const) world.server.takeOut(role);
  for (let i = 0; i < MESSAGES; i++) await anna.sendMessage({ conversation: ab, text: String(i) });
  await until(bert, async () => (await bert.messages({ conversation: ba, limit: 1 })).items[0]?.text === String(MESSAGES - 1));
  const texts: string[] = [];
  let beforeOrder: number | undefined;
  for (let hasOlder = true; hasOlder;) {
    const page = await bert.messages({ conversation: ba, limit: 500, ...(beforeOrder === undefined ? {} : { beforeOrder }) });
    texts.unshift(...page.items.map((message) => message.text ?? "").reverse());
    beforeOrder = page.items.at(-1)?.order;
    ({ hasOlder } = page);
  }
  expect(texts).toEqual(["hello", ...Array.from({ length: MESSAGES }, (_, i) => String(i))]);
});

async function failed(client: HawserClient): Promise<LinkStatus> {
  let status: LinkStatus | undefined;
  await until(client, async () => (status = await client.linkStatus())?.stage === "failed");
  return status!;
}

async function metric(name: string, label: string): Promise<number | undefined> {
  const text = await (await fetch(`${world.server.url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(name) && each.includes(`"${label}"`));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}
