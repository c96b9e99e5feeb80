/** Outcomes from real devices to the stream of a real server: members and strangers, after a restart, never who or what. */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import type { DeviceNumber } from "@hawser/base";
import { MAX_COMPANIONS } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/index.ts";
import { hasText, linkStage, until, World } from "./world.ts";

const TOKEN = "only the status service knows this";
const CANARY = "canaryword";

interface Line {
  readonly position: number;
  readonly source: string;
  readonly attempt: string;
  readonly stage: string;
  readonly code: string;
  readonly count: number;
  readonly platform: string;
}

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start({ adminToken: TOKEN });
});
afterEach(() => world.stop());

const ask = (query: string, token = TOKEN): Promise<Response> =>
  fetch(`${world.server.url}/v1/outcomes${query}`, { headers: { authorization: `Bearer ${token}` } });

async function stream(after = 0): Promise<Line[]> {
  const text = await (await ask(`?after=${after}`)).text();
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line); // prettier-ignore
}

const reached = (client: HawserClient, wanted: Partial<Line>): Promise<void> =>
  until(client, async () =>
    (await stream()).some((line) => Object.entries(wanted).every(([key, value]) => line[key as keyof Line] === value)),
  );

test("what a member and a stranger did is in the stream, marked, without any name, id or text", async () => {
  const anna = await world.account(`${CANARY}a`);
  const bela = await world.account(`${CANARY}b`);
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: CANARY });
  await hasText(bela, ba, CANARY);
  const laptop = world.open(`${CANARY} laptop`);
  await laptop.startLink({ deviceName: `${CANARY} laptop`, platform: CANARY });
  await linkStage(laptop, "waiting-for-scan");
  await reached(laptop, { source: "anonymous", attempt: "authenticate", code: "OK", platform: "sdk" });
  await reached(anna, { source: "device", attempt: "deliver", stage: "sending", code: "OK" });
  await reached(anna, { source: "server", attempt: "serve", stage: "rendezvousWatch", code: "OK", platform: "server" });
  await anna.openLinkCode((await linkStage(laptop, "waiting-for-scan")).uri!);
  await anna.approveLink((await linkStage(anna, "comparing")).attempt!);
  await linkStage(laptop, "active");

  const everything = await stream();
  expect(everything.map(({ position }) => position)).toEqual(everything.map(({ position }) => position).toSorted((a, b) => a - b));
  expect(await stream(everything.at(-1)!.position)).toEqual([]);
  const self = (await anna.state()).self!;
  const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
  const stored = ["outcomes.db", "outcomes.db-wal"].map((file) => readFileSync(join(world.folder, "server", file), "latin1")).join();
  for (const text of [JSON.stringify(everything), metrics, stored]) {
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(self.account);
    expect(text).not.toContain("127.0.0.1");
  }
});

test("nobody reads the stream without the token; a role that is away takes nothing else along", async () => {
  expect((await ask("", "wrong")).status).toBe(404);
  expect((await fetch(`${world.server.url}/v1/outcomes`)).status).toBe(404);
  expect((await ask("")).headers.get("hawser-stream")).toMatch(/^[0-9a-f]{16}$/);
  world.server.takeOut("outcomes");
  expect((await ask("")).status).toBe(503);
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "undisturbed" });
  await hasText(bela, ba, "undisturbed");
  world.server.putBack("outcomes");
});

test("failures while the server is away are told later, after a restart of the program too", async () => {
  const anna = await world.account("anna");
  await world.server.stop();
  await until(anna, async () => (await anna.state()).connection.kind === "offline");
  const { connection } = await anna.state();
  expect(connection.kind).toBe("offline");
  await until(anna, async () => {
    const now = (await anna.state()).connection;
    return now.kind === "offline" && now.attempt >= 2;
  });
  await world.close("anna");
  const stored = new DatabaseSync(join(world.folder, "anna", "client.db"), { readOnly: true });
  const kept = stored.prepare("SELECT value FROM kv WHERE key = 'outcomes'").get() as { value: Uint8Array };
  stored.close();
  expect(new TextDecoder().decode(kept.value)).toContain('"connect"');
  await world.start({ adminToken: TOKEN });
  const again = world.open("anna");
  await reached(again, { source: "device", attempt: "connect", stage: "opening", code: "closed" });
});

test("switched off, nothing is kept and nothing is sent; the other devices follow", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  await anna.setSettings({ reportOutcomes: false });
  await until(laptop, async () => !(await laptop.state()).settings.reportOutcomes);
  await world.close("anna");
  await world.close("laptop");
  for (const name of ["anna", "laptop"]) {
    const opened = world.open(name);
    await until(opened, async () => (await opened.state()).connection.kind === "online");
    await world.close(name);
    const stored = new DatabaseSync(join(world.folder, name, "client.db"), { readOnly: true });
    expect(stored.prepare("SELECT count(*) AS n FROM kv WHERE key = 'outcomes'").get(), name).toEqual({ n: 0 });
    stored.close();
  }
});

test("ten companions, one after another: no earlier connection breaks; with the eleventh only the one it replaces", async () => {
  const anna = await world.account("anna");
  const broken: string[] = [];
  const watch = (name: string, client: HawserClient): void => {
    client.subscribe((event) => {
      if (event.type === "state" && event.state.connection.kind !== "online") broken.push(`${name}: ${event.state.connection.kind}`);
    });
  };
  watch("phone", anna);
  for (let i = 1; i <= MAX_COMPANIONS; i++) watch(`companion ${i}`, await world.link(anna, `companion ${i}`));
  expect(broken).toEqual([]);
  expect((await anna.devices()).filter((device) => device.connected)).toHaveLength(MAX_COMPANIONS + 1);

  const eleventh = world.open("eleventh");
  await eleventh.startLink({ deviceName: "eleventh", platform: "test" });
  await anna.openLinkCode((await linkStage(eleventh, "waiting-for-scan")).uri!);
  const asked = await linkStage(anna, "comparing");
  expect(asked.needsRemoval).toBe(true);
  const { number: before } = await anna.deviceListCode();
  await expect(anna.approveLink(asked.attempt!, { remove: 99 as DeviceNumber })).rejects.toMatchObject({ code: "UNKNOWN_DEVICE" });
  // Nobody named a device that leaves: nothing is signed, and the same attempt asks again.
  await anna.approveLink(asked.attempt!);
  await until(anna, async () => (await anna.linkStatus())?.stage === "comparing");
  expect(await anna.linkStatus()).toMatchObject({ attempt: asked.attempt, needsRemoval: true, matchCode: asked.matchCode });
  expect((await anna.deviceListCode()).number).toBe(before);
  const leaving = (await anna.devices()).find(({ name }) => name === "companion 4")!;
  await anna.approveLink(asked.attempt!, { remove: leaving.device });
  await linkStage(eleventh, "active");
  const removed = world.clients.get("companion 4")!;
  await until(removed, async () => (await removed.state()).phase === "revoked");
  expect((await removed.state()).revocation).toMatchObject({ reason: "by-user", revokedBy: 1 });
  expect((await anna.deviceListCode()).number).toBe(before + 1);
  expect((await anna.devices()).filter(({ role }) => role === "companion")).toHaveLength(MAX_COMPANIONS);
  expect(broken.filter((line) => !line.startsWith("companion 4:"))).toEqual([]);

  const twelfth = world.open("twelfth");
  await twelfth.startLink({ deviceName: "twelfth", platform: "test" });
  await anna.openLinkCode((await linkStage(twelfth, "waiting-for-scan")).uri!);
  await until(anna, async () => (await anna.linkStatus())?.needsRemoval === true);
  await anna.rejectLink((await linkStage(anna, "comparing")).attempt!, "DEVICE_LIMIT");
  expect((await linkStage(twelfth, "failed")).error?.name).toBe("DEVICE_LIMIT");
});
