/** An account with as many devices as it may have, in terminals: asked which one leaves, or told by `--remove`; never removed by itself. */
import { join } from "node:path";
import type { HawserClient, LinkStatus } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";

import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

const MAX_COMPANIONS = 10;

let place: TestPlace;
const companions: HawserClient[] = [];

/** Resolves when the link of that client is at the stage. */
function reaches(client: HawserClient, stage: LinkStatus["stage"]): Promise<LinkStatus> {
  return new Promise((resolve) => {
    const look = (status: LinkStatus | undefined): void => {
      if (status?.stage === stage && (stage !== "waiting-for-scan" || status.uri !== undefined)) resolve(status);
    };
    client.subscribe((event) => event.type === "link" && look(event.link));
    void client.linkStatus().then(look);
  });
}

beforeAll(async () => {
  place = await openTestPlace();
  await place.account("dora");
  const phone = openNodeClient({ profileDir: join(place.folder, "dora"), serverUrl: place.server.url });
  for (let i = 1; i <= MAX_COMPANIONS; i++) {
    const companion = openNodeClient({ profileDir: join(place.folder, `companion ${i}`), serverUrl: place.server.url });
    companions.push(companion);
    await companion.startLink({ deviceName: `companion ${i}`, platform: "test" });
    await phone.openLinkCode((await reaches(companion, "waiting-for-scan")).uri!);
    await phone.approveLink((await reaches(phone, "comparing")).attempt!);
    await reaches(companion, "active");
  }
  await phone.close();
});
afterAll(async () => {
  for (const companion of companions) await companion.close();
  await place.close();
});

async function newDevice(profile: string) {
  const program = new Hawser([...place.on(profile), "link", "--no-history"]);
  const { uri } = await program.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
  return { program, uri: String(uri) };
}
const linked = async (): Promise<number[]> => {
  const { lines } = await hawser([...place.on("dora"), "devices"]);
  return lines.filter((line) => line["role"] === "companion").map((line) => Number(line["device"]));
};

test("without a question nothing is removed: the devices are listed, and both sides hear why", async () => {
  const { program, uri } = await newDevice("unasked");
  const phone = await hawser([...place.on("dora"), "approve", uri, "--yes", "--no-history"]);
  expect(phone.exit).toBe(3);
  expect(phone.lines.at(-1)).toMatchObject({ event: "error", code: "DEVICE_LIMIT", next: expect.stringContaining("--remove") as string });
  expect(phone.lines.filter(({ event }) => event === "device")).toHaveLength(MAX_COMPANIONS);
  expect(phone.lines.find((line) => line["stage"] === "comparing")).toMatchObject({ needsRemoval: true });
  expect(await program.ended()).toBe(3);
  expect(program.lines.at(-1)).toMatchObject({ event: "error", code: "DEVICE_LIMIT" });
  expect(await linked()).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
}, 60_000);

test("a device that is not there is no answer; one that is makes room in the same link", async () => {
  expect((await hawser([...place.on("dora"), "approve", "x", "--remove", "1"])).lines.at(-1)).toMatchObject({ code: "NO_SUCH_DEVICE" });
  const { program, uri } = await newDevice("asked");
  const phone = await hawser([...place.on("dora"), "approve", uri, "--no-history"], { input: "y\n99\nphone\n5\n" });
  expect(phone.exit, phone.stdout + phone.stderr).toBe(0);
  expect(await program.ended(), program.stdout + program.stderr).toBe(0);
  expect(await linked()).toEqual([2, 3, 4, 6, 7, 8, 9, 10, 11, 12]);
}, 60_000);

test("--remove names it beforehand", async () => {
  const { program, uri } = await newDevice("named");
  const phone = await hawser([...place.on("dora"), "approve", uri, "--yes", "--no-history", "--remove", "12"]);
  expect(phone.exit, phone.stdout + phone.stderr).toBe(0);
  expect(await program.ended(), program.stdout + program.stderr).toBe(0);
  expect(await linked()).toEqual([2, 3, 4, 6, 7, 8, 9, 10, 11, 13]);
}, 60_000);
