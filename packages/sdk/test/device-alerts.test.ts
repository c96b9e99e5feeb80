/** Alerts about own devices: from the lists alone, on every device, until one answer; a new device cannot silence what is said of it. */
import { openSqliteDatabase } from "@hawser/io-node";
import { AlertAnswer } from "@hawser/wire";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ClientEvent, HawserClient } from "../src/index.ts";
import { say } from "./middle.ts";
import { hurried, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const alerts = async (client: HawserClient) => (await client.state()).deviceAlerts;
const ids = async (client: HawserClient): Promise<string[]> => (await alerts(client)).map(({ id }) => id);
const shows = (client: HawserClient, ...wanted: string[]): Promise<void> =>
  until(client, async () => JSON.stringify(await ids(client)) === JSON.stringify(wanted));

function heard(client: HawserClient): string[] {
  const events: string[] = [];
  client.subscribe((event: ClientEvent) => event.type === "device-alert" && events.push(event.alert.id));
  return events;
}

test("every own device but the new one is told which, when and by whom; one answer is everybody's, also after a restart", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  await shows(anna, "added/2");
  expect(await alerts(laptop)).toEqual([]);
  await anna.answerDeviceAlert("added/2", "known");
  const [onPhone, onLaptop] = [heard(anna), heard(laptop)];
  const tablet = await world.link(anna, "tablet");
  for (const client of [anna, laptop]) await shows(client, "added/3");
  expect(await alerts(tablet)).toEqual([]);
  const addedAtMs = (await anna.devices()).find((device) => device.name === "tablet")!.addedAtMs;
  expect(await alerts(laptop)).toEqual([
    {
      id: "added/3",
      kind: "added",
      device: 3,
      name: "tablet",
      role: "companion",
      atMs: addedAtMs,
      byName: "anna's phone",
      removing: false,
    },
  ]);
  await world.close("laptop");
  const again = world.open("laptop");
  expect(await ids(again)).toEqual(["added/3"]);
  await again.answerDeviceAlert("added/3", "known");
  await shows(anna);
  expect([onPhone, onLaptop]).toEqual([["added/3"], ["added/3"]]);
  await expect(again.answerDeviceAlert("added/3", "known")).rejects.toMatchObject({ code: "UNKNOWN_DEVICE" });
});

test("remove it: a companion asks, the phone does it a moment later; everybody else learns who is gone", async () => {
  const anna = await world.account("anna", { clock: hurried(4) });
  const laptop = await world.link(anna, "laptop");
  const desk = await world.link(anna, "desk");
  const thief = await world.link(anna, "thief");
  await shows(laptop, "added/3", "added/4");
  await laptop.answerDeviceAlert("added/4", "remove");
  await until(anna, async () => (await alerts(anna)).some((alert) => alert.id === "added/4" && alert.removing));
  await until(thief, async () => (await thief.state()).phase === "revoked");
  expect((await thief.state()).revocation?.reason).toBe("by-user");
  await until(laptop, async () => !(await ids(laptop)).includes("added/4"));
  // It was asked for: nobody is asked about it again.
  expect((await ids(desk)).filter((id) => id.endsWith("/4"))).toEqual([]);

  // A person at the phone removes another one: the others are told who did it.
  await anna.revokeDevice((await desk.state()).self!.device);
  await until(laptop, async () => (await ids(laptop)).includes("removed/3"));
  expect((await alerts(laptop)).find(({ id }) => id === "removed/3")).toMatchObject({ name: "desk", byName: "anna's phone" });
  expect((await ids(anna)).includes("removed/3")).toBe(false);
  await laptop.answerDeviceAlert("removed/3", "known");
  await expect(laptop.answerDeviceAlert("removed/3", "known")).rejects.toMatchObject({ code: "UNKNOWN_DEVICE" });
});

test("remove it can be taken back while it is not done; asked while the phone is away, it is done when it comes", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  const tablet = await world.link(anna, "tablet");
  await shows(laptop, "added/3");
  await laptop.answerDeviceAlert("added/3", "remove");
  await until(anna, async () => (await alerts(anna)).some((alert) => alert.removing));
  await laptop.answerDeviceAlert("added/3", "undo");
  await until(anna, async () => (await alerts(anna)).every((alert) => !alert.removing));
  await world.close("anna");
  await laptop.answerDeviceAlert("added/3", "remove");
  await until(laptop, async () => (await laptop.state()).outboxCount === 0);
  world.open("anna", { clock: hurried(4) });
  await until(tablet, async () => (await tablet.state()).phase === "revoked");
  expect((await laptop.state()).phase).toBe("ready");
});

test("a new device can neither silence its own alert nor have older ones removed", async () => {
  const anna = await world.account("anna", { clock: hurried(4) });
  const laptop = await world.link(anna, "laptop");
  await anna.answerDeviceAlert("added/2", "known");
  const database = openSqliteDatabase(join(world.folder, "evil.db"));
  const evil = await world.link(anna, "evil", { database });
  for (const client of [anna, laptop]) await shows(client, "added/3");
  const tablet = await world.link(anna, "tablet");
  for (const client of [anna, laptop]) await shows(client, "added/3", "added/4");
  const { account } = (await evil.state()).self!;
  const lie = (key: string, answer: AlertAnswer, device: number) => ({
    collection: "alert",
    key,
    // An AlertState, byte by byte.
    value: Uint8Array.of(0x08, answer, 0x10, 1),
    timeMs: BigInt(Date.now() + 60_000),
    counter: 0,
    device,
  });
  const updates = [
    lie("added/3", AlertAnswer.KNOWN, 3),
    // In the phone's name, as if it were only handed on.
    lie("added/3", AlertAnswer.KNOWN, 1),
    lie("added/2", AlertAnswer.REMOVE, 3),
    lie("added/1", AlertAnswer.REMOVE, 1),
    // What it may: someone who came after it.
    lie("added/4", AlertAnswer.REMOVE, 3),
  ];
  await say(evil, database, { to: account, body: { case: "state", value: { updates } as never } });
  await until(tablet, async () => (await tablet.state()).phase === "revoked");
  for (const client of [anna, laptop]) await shows(client, "added/3");
  expect((await anna.devices()).map(({ device }) => device)).toEqual([1, 2, 3]);
});

test("a link that is declined or undone leaves no alert; a new phone is told of to the companions, without a way to remove it", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  await anna.answerDeviceAlert("added/2", "known");
  const code = await anna.createRecoveryCode();
  const phone = world.open("new-phone");
  await phone.restoreAccount({ handle: "anna", recoveryCode: code, deviceName: "new phone" });
  await shows(laptop, "added/3", "removed/1");
  expect(await alerts(laptop)).toMatchObject([
    { name: "new phone", role: "phone", byName: undefined },
    { name: "anna's phone", role: "phone", byName: "new phone" },
  ]);
  await expect(laptop.answerDeviceAlert("added/3", "remove")).rejects.toMatchObject({ code: "WRONG_ROLE" });
  expect(await alerts(phone)).toEqual([]);
});
