/** Links, moves, archives and repairs end in outcomes that say by which way the code came and on which system, on a real server's stream. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { archived, ArchiveWorld, ARCHIVIST, complete, online } from "./archive-world.ts";
import { importChat } from "./long-history.ts";
import { linkStage, until } from "./world.ts";

const TOKEN = "only the status service knows this";
const SYSTEM = { darwin: "macos", linux: "linux", win32: "windows" }[process.platform as "linux"] ?? "other";

type Line = Readonly<Record<"attempt" | "stage" | "code" | "route" | "system" | "source", string>>;

let world: ArchiveWorld;
beforeEach(async () => {
  world = new ArchiveWorld();
  await world.start({ adminToken: TOKEN });
});
afterEach(() => world.stop());

async function stream(): Promise<Line[]> {
  const response = await fetch(`${world.server.url}/v1/outcomes?after=0`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line) as Line); // prettier-ignore
}
const fits = (line: Line, wanted: Partial<Line>): boolean =>
  Object.entries(wanted).every(([key, value]) => line[key as keyof Line] === value);
const reached = (client: HawserClient, ...wanted: Partial<Line>[]): Promise<void> =>
  until(client, async () => {
    const lines = await stream();
    return wanted.every((each) => lines.some((line) => fits(line, each)));
  });

async function agree(phone: HawserClient, companion: HawserClient, newPhone = false): Promise<void> {
  await phone.approveLink((await linkStage(phone, "comparing")).attempt!, { newPhone });
  await until(companion, async () => (await companion.state()).phase === "ready");
  await until(phone, async () => (await phone.linkStatus())?.stage === "active");
}

/** A program tells what it has kept soon after it was started, and then once a minute. */
async function told(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await world.close(name);
    await online(world.open(name));
  }
}

/** Brings the companion's code to the phone. */
const WAYS = {
  code: async (phone, companion) => void (await phone.openLinkCode((await linkStage(companion, "waiting-for-scan")).uri!)),
  typed: async (phone, companion) => {
    await until(companion, async () => (await companion.linkStatus())?.typedCode !== undefined);
    await phone.openTypedCode((await companion.linkStatus())!.typedCode!);
  },
  reverse: async (phone, companion) => {
    await linkStage(companion, "waiting-for-scan");
    await phone.showReverseCode();
    await companion.openReverseCode((await linkStage(phone, "waiting-for-scan")).uri!);
  },
} satisfies Readonly<Record<string, (phone: HawserClient, companion: HawserClient) => Promise<void>>>;

test.each(["code", "typed", "reverse"] as const)(
  "a link by %s: both sides say so, and the couriers end too",
  async (route) => {
    const anna = await world.account("anna");
    const laptop = world.open("laptop");
    await laptop.startLink({ deviceName: "laptop", platform: "test", typedCode: route === "typed" });
    await WAYS[route](anna, laptop);
    await agree(anna, laptop);
    await told("anna", "laptop");
    const couriers = [{ attempt: "give-code", code: "OK", route }, { attempt: "take-code", code: "OK", route }]; // prettier-ignore
    await reached(
      world.clients.get("laptop")!,
      { attempt: "link-phone", code: "OK", route, system: SYSTEM, source: "device" },
      { attempt: "link-companion", code: "OK", route, system: SYSTEM },
      { attempt: "show-code", code: "OK", route: "none" },
      ...(route === "code" ? [] : couriers),
    );
    const others = (await stream()).filter(({ attempt, route: way }) => attempt.startsWith("link-") && way !== route);
    expect(others).toEqual([]);
    const metrics = await (await fetch(`${world.server.url}/metrics`)).text();
    expect(metrics).toContain(`hawser_links_total{link="phone ${SYSTEM} OK"} 1`);
    expect(metrics).toContain(`hawser_links_total{link="companion ${SYSTEM} OK"} 1`);
  },
  90_000,
);

test.each(["code", "typed", "reverse"] as const)(
  "a link by %s whose two programs are started anew on the way still says so",
  async (route) => {
    const anna = await world.account("anna");
    const laptop = world.open("laptop");
    await laptop.startLink({ deviceName: "laptop", platform: "test", typedCode: route === "typed" });
    await WAYS[route](anna, laptop);
    for (const client of [anna, laptop]) await linkStage(client, "comparing");
    for (const name of ["anna", "laptop"]) await world.close(name);
    const [phone, companion] = [world.open("anna"), world.open("laptop")];
    await agree(phone, companion);
    await told("anna", "laptop");
    await reached(
      world.clients.get("laptop")!,
      { attempt: "link-phone", code: "OK", route },
      { attempt: "link-companion", code: "OK", route },
    );
    expect((await stream()).filter((line) => line.attempt.startsWith("link-") && line.route !== route)).toEqual([]);
  },
  90_000,
);

test("an account that moves ends in outcomes of its own, apart from links", async () => {
  const old = await world.account("anna");
  const phone = world.open("new-phone");
  await phone.startLink({ deviceName: "new phone", platform: "test", as: "phone" });
  await WAYS.code(old, phone);
  await agree(old, phone, true);
  await complete(phone);
  // The old one is revoked in a moment, and keeps nothing then.
  await told("anna");
  await reached(world.clients.get("anna")!, { attempt: "move-old-phone", code: "OK", route: "code" });
  await phone.finishMove();
  await told("new-phone");
  await reached(
    world.clients.get("new-phone")!,
    { attempt: "move-new-phone", code: "OK", route: "code" },
    { attempt: "finish-move", stage: "finishing", code: "OK" },
  );
  expect((await stream()).filter(({ attempt }) => attempt.startsWith("link-"))).toEqual([]);
}, 90_000);

test("an archive that is written, and read by a device without anybody else", async () => {
  let anna = await world.account("anna", ARCHIVIST);
  await importChat(anna, 600);
  await anna.setArchive(true);
  await archived(anna, 600);
  await reached(anna, { attempt: "write-archive", stage: "putting", code: "OK" });
  anna = await world.handingOverNothing("anna");
  const laptop = await world.linkedThenAlone(anna);
  await complete(laptop);
  await reached(laptop, { attempt: "read-archive", stage: "reading", code: "OK" });
}, 90_000);

test("a store that was put back from an older copy begins afresh, and says so once", async () => {
  const anna = await world.account("anna");
  const { ab } = await world.befriend(anna, await world.account("bela"));
  await world.close("anna");
  const [profile, copy] = ["anna", "anna-copy"].map((name) => join(world.folder, name)) as [string, string];
  cpSync(profile, copy, { recursive: true });
  const later = world.open("anna");
  const { id } = await later.sendMessage({ conversation: ab, text: "not in the copy" });
  await until(later, async () => (await later.message(id))?.status !== "queued" && (await later.state()).outboxCount === 0);
  await world.close("anna");
  rmSync(profile, { recursive: true });
  cpSync(copy, profile, { recursive: true });
  await reached(world.open("anna"), { attempt: "repair-store", stage: "older-copy", code: "OK", route: "none" });
  expect((await stream()).filter(({ attempt }) => attempt === "repair-store")).toHaveLength(1);
}, 90_000);
