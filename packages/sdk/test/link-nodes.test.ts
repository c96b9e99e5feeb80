/**
 * A link goes on over another node of the server when the own one's linking does not answer, at whatever step that begins. The node is a
 * whole server in a data folder of its own, which knows neither account nor device.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Transport } from "@hawser/base";
import { parseLinkNodes } from "@hawser/client/linking/link-nodes";
import { webSocketTransport } from "@hawser/io-node";
import { type RunningServer, startServer } from "@hawser/server";
import { afterEach, expect, test } from "vitest";
import type { HawserClient, LinkStatus } from "../src/node/index.ts";
import { Middle } from "./middle.ts";
import { linkStage, until, World } from "./world.ts";

let world: World;
let node: RunningServer;
let folder: string;
afterEach(async () => {
  await world.stop();
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Whoever is linked here has to be approved and welcomed at home: the node only relays. */
async function twoServers(): Promise<HawserClient> {
  folder = mkdtempSync(join(tmpdir(), "hawser-node-"));
  node = await startServer({ dataDir: folder, registration: "closed", logLevel: "silent" });
  world = new World();
  await world.start({ linkNodes: [node.url] });
  return world.account("anna");
}

async function showCode(name: string, middle?: Middle): Promise<{ companion: HawserClient; uri: string; letters: () => Promise<string> }> {
  const companion = world.open(name, middle === undefined ? {} : { transport: onlyAtHome(middle) });
  await companion.startLink({ deviceName: name, platform: "test", typedCode: true });
  const { uri } = await linkStage(companion, "waiting-for-scan");
  await until(companion, () => Promise.resolve(node.connections() > 0));
  const letters = async (): Promise<string> => {
    let shown: string | undefined;
    await until(companion, async () => (shown = (await companion.linkStatus())?.typedCode) !== undefined);
    return shown!;
  };
  return { companion, uri: uri!, letters };
}

/** What stands between is between this device and its own server only. */
function onlyAtHome(middle: Middle): Transport {
  const direct = webSocketTransport();
  return {
    kind: direct.kind,
    open: (url, events) => (url.startsWith(node.url.replace("http", "ws")) ? direct : middle.transport).open(url, events),
  };
}

async function finish(phone: HawserClient, companion: HawserClient): Promise<LinkStatus> {
  const asked = await linkStage(phone, "comparing");
  expect((await linkStage(companion, "comparing")).matchCode).toBe(asked.matchCode);
  await phone.approveLink(asked.attempt!);
  return activeOnBoth(phone, companion);
}

async function activeOnBoth(phone: HawserClient, companion: HawserClient): Promise<LinkStatus> {
  const active = await linkStage(companion, "active");
  await until(phone, async () => (await phone.linkStatus())?.stage === "active");
  expect((await companion.state()).self?.handle).toBe("anna");
  expect((await phone.devices()).map(({ name }) => name)).toHaveLength(2);
  return active;
}

const slotsAt = async (server: RunningServer): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith("hawser_requests_total") && each.includes("rendezvousPut"));
  return Number(line?.split(" ").at(-1) ?? 0);
};

test("linking is down at home: the code is scanned and the link made over the node", async () => {
  const anna = await twoServers();
  const { companion, uri } = await showCode("browser");
  world.server.takeOut("rendezvous");
  await anna.openLinkCode(uri);
  await finish(anna, companion);
  expect(await slotsAt(node)).toBeGreaterThanOrEqual(3);
});

test("linking at home dies after the scan: what it had is repeated at the node", async () => {
  const anna = await twoServers();
  const { companion, uri } = await showCode("browser");
  await anna.openLinkCode(uri);
  await linkStage(anna, "comparing");
  expect(await slotsAt(node)).toBe(0);
  world.server.takeOut("rendezvous");
  await finish(anna, companion);
  // The phone's offer again, and its approval.
  expect(await slotsAt(node)).toBeGreaterThanOrEqual(2);
});

test("linking at home hangs: nobody waits for it alone", async () => {
  const anna = await twoServers();
  const middle = new Middle();
  middle.toServer = (frame) => frame.type !== "request" || !frame.message.operation.case?.startsWith("rendezvous");
  const { companion, uri } = await showCode("browser", middle);
  await anna.openLinkCode(uri);
  await finish(anna, companion);
});

test("letters work over the node as well", async () => {
  const anna = await twoServers();
  world.server.takeOut("rendezvous");
  const { companion, letters } = await showCode("browser");
  await anna.openTypedCode(await letters());
  await finish(anna, companion);
});

test("the node is dead: nothing is different at home", async () => {
  const anna = await twoServers();
  const { companion, uri } = await showCode("browser");
  await node.stop();
  await anna.openLinkCode(uri);
  await finish(anna, companion);
});

test("nobody stays connected to the node after the link, and a phone that dies in between goes on over it", async () => {
  const anna = await twoServers();
  const { companion, uri } = await showCode("browser");
  await anna.openLinkCode(uri);
  const asked = await linkStage(anna, "comparing");
  world.server.takeOut("rendezvous");
  await anna.approveLink(asked.attempt!);
  await world.close("anna");
  const again = world.open("anna");
  await activeOnBoth(again, companion);
  await until(again, () => Promise.resolve(node.connections() === 0));
});

test("a server sends nobody to places that are none", () => {
  const origin = "https://chat.example.org";
  const named = [
    "https://link.example.org",
    "https://link.example.org",
    "http://plain.example.org",
    origin,
    "javascript:alert(1)",
    "https://x/y",
    "https://a b",
  ];
  expect(parseLinkNodes(named, origin)).toEqual(["https://link.example.org"]);
  expect(
    parseLinkNodes(
      Array.from({ length: 9 }, (_, i) => `https://n${i}.example`),
      origin,
    ),
  ).toHaveLength(4);
});
