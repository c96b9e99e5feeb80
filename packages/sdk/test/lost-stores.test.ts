/** Stores that were put back from an old copy, or are gone: against a real server, with real ratchets. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Http, OperationalError } from "@hawser/base";
import { nodeHttp } from "@hawser/io-node";
import { fileSourceOfBytes, type HawserClient } from "../src/node/index.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasText, linkStage, statusOf, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const profile = (name: string): string => join(world.folder, name);
const online = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).connection.kind === "online" && (await client.state()).outboxCount === 0);

/** Closes the profile, puts an earlier copy of it in its place, and opens it again. */
async function putBack(name: string): Promise<HawserClient> {
  await world.close(name);
  rmSync(profile(name), { recursive: true });
  cpSync(profile(`${name}-copy`), profile(name), { recursive: true });
  return world.open(name);
}
async function copyOf(name: string): Promise<HawserClient> {
  await world.close(name);
  cpSync(profile(name), profile(`${name}-copy`), { recursive: true });
  return world.open(name);
}

/** Five old messages that no mailbox carries. */
async function importInto(phone: HawserClient) {
  const lines = Array.from({ length: 5 }, (_, i) => `[01.03.24, 10:0${i}:00] ${i % 2 === 0 ? "Mia" : "Noor"}: pebble ${i}`);
  const file = fileSourceOfBytes("WhatsApp Chat - Mia.txt", "text/plain", new TextEncoder().encode(lines.join("\r\n")));
  const { importId, title } = await phone.previewImport(file);
  const { conversation } = await phone.runImport({ importId, title, self: "Noor" });
  const isWhole = async (client: HawserClient): Promise<boolean> =>
    (await client.conversations()).items.length === 1 && (await texts(client, conversation)).length === lines.length;
  return { isWhole };
}

test("an old copy of a companion: no ratchet goes on, nothing is lost, nothing comes twice, and it is said once", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await world.link(anna, "laptop");
  let laptop = world.clients.get("laptop")!;
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  await laptop.sendMessage({ conversation: ab, text: "one" });
  await hasText(bela, ba, "one");
  await bela.sendMessage({ conversation: ba, text: "two" });
  await hasText(laptop, ab, "two");
  await online(laptop);
  laptop = await copyOf("laptop");
  await online(laptop);
  const three = await laptop.sendMessage({ conversation: ab, text: "three" });
  await hasText(bela, ba, "three");
  await bela.sendMessage({ conversation: ba, text: "four" });
  await hasText(laptop, ab, "four");
  await statusOf(laptop, three, "delivered");
  const lists = (await anna.devices()).length;

  laptop = await putBack("laptop");
  await until(laptop, async () => (await laptop.state()).notice === "old-copy");
  const five = await laptop.sendMessage({ conversation: ab, text: "five" });
  await statusOf(laptop, five, "delivered");
  await bela.sendMessage({ conversation: ba, text: "six" });
  await until(laptop, async () => (await texts(laptop, ab)).join() === "one,two,three,four,five,six");
  await until(bela, async () => (await texts(bela, ba)).join() === "one,two,three,four,five,six");
  await until(anna, async () => (await texts(anna, ab)).join() === "one,two,three,four,five,six");
  expect((await anna.devices()).length).toBe(lists);
  await laptop.dismissNotice();
  await world.close("laptop");
  laptop = world.open("laptop");
  await online(laptop);
  expect((await laptop.state()).notice).toBeUndefined();
  await until(laptop, async () => (await laptop.state()).gapSinceMs === undefined);
}, 60_000);

test("an old copy that only sent: the message it does not know gives it away", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  await laptop.sendMessage({ conversation: ab, text: "one" });
  await hasText(bela, ba, "one");
  await online(laptop);
  const copied = await copyOf("laptop");
  await online(copied);
  // Nobody else is there: nothing comes back to the laptop, so its cursor stays.
  await world.close("bela");
  await world.close("anna");
  const two = await copied.sendMessage({ conversation: ab, text: "two" });
  await statusOf(copied, two, "sent");
  const back = await putBack("laptop");
  await until(back, async () => (await back.state()).notice === "old-copy");
  const stored = new DatabaseSync(join(profile("laptop"), "client.db"), { readOnly: true });
  expect(stored.prepare("SELECT count(*) AS n FROM sessions").get()).toEqual({ n: 0 });
  stored.close();
  const again = world.open("bela");
  await hasText(again, ba, "two");
  await back.sendMessage({ conversation: ab, text: "three" });
  await hasText(again, ba, "three");
  expect(await texts(again, ba)).toEqual(["one", "two", "three"]);
}, 60_000);

test("what the lost stores had given to one device alone comes back from it, though another one answers first", async () => {
  const anna = await world.account("anna");
  const tablet = await world.link(anna, "tablet");
  const laptop = await world.link(anna, "laptop");
  for (const companion of [tablet, laptop]) await until(companion, async () => (await companion.state()).history.kind === "complete");
  for (const client of [anna, tablet]) await online(client);
  const phone = await copyOf("anna");
  const second = await copyOf("tablet");
  for (const client of [phone, second]) await online(client);
  const { isWhole } = await importInto(phone);
  for (const companion of [second, laptop]) await until(companion, () => isWhole(companion));
  await online(phone);

  await world.close("laptop");
  await world.close("anna");
  const secondBack = await putBack("tablet");
  await until(secondBack, async () => (await secondBack.state()).notice === "old-copy");
  const back = await putBack("anna");
  await until(back, async () => (await back.state()).notice === "old-copy");
  await until(back, async () => (await back.state()).gapSinceMs === undefined);
  expect((await back.conversations()).items).toEqual([]);
  world.open("laptop");
  await until(back, () => isWhole(back));
}, 60_000);

test("what was on its way to a companion when the phone's store was put back comes back with it", async () => {
  let isFetched = true;
  const real = nodeHttp();
  const http: Http = {
    request: (request) =>
      request.method === "GET" && !isFetched ? Promise.reject(new OperationalError("TIMEOUT", { retry: "now" })) : real.request(request),
  };
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop", { http });
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  await online(anna);
  const phone = await copyOf("anna");
  await online(phone);
  isFetched = false;
  const { isWhole } = await importInto(phone);
  await until(laptop, async () => (await laptop.state()).history.kind === "running");
  await online(phone);
  await until(phone, async () => (await phone.state()).history.kind === "complete");

  const back = await putBack("anna");
  await until(back, async () => (await back.state()).notice === "old-copy");
  await until(back, async () => (await back.state()).gapSinceMs === undefined);
  expect((await back.conversations()).items).toEqual([]);
  isFetched = true;
  for (const client of [laptop, back]) await until(client, () => isWhole(client));
}, 60_000);

test("two copies of one device take turns without a fight, and each notices the other", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  await online(laptop);
  await world.close("laptop");
  cpSync(profile("laptop"), profile("twin"), { recursive: true });
  const first = world.open("laptop");
  await online(first);
  await first.sendMessage({ conversation: ab, text: "from the first" });
  await hasText(bela, ba, "from the first");
  await online(first);
  const twin = world.open("twin");
  await until(twin, async () => (await twin.state()).notice === "old-copy");
  await until(first, async () => (await first.state()).connection.kind !== "online");
  // Whoever was replaced does not take the connection back by itself.
  await twin.sendMessage({ conversation: ab, text: "from the twin" });
  await hasText(bela, ba, "from the twin");
  expect((await first.state()).connection.kind).not.toBe("online");
  expect((await first.state()).phase).toBe("ready");
  await world.close("twin");
  await first.networkHint("online");
  await until(first, async () => (await first.state()).notice === "old-copy");
  await first.sendMessage({ conversation: ab, text: "the first again" });
  await hasText(bela, ba, "the first again");
  await hasText(first, ab, "from the twin");
  expect(await texts(bela, ba)).toEqual(["from the first", "from the twin", "the first again"]);
}, 60_000);

test("a companion that lost everything gets its identity back: one approval, no new entry, other devices untouched", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await world.link(anna, "laptop");
  const tablet = await world.link(anna, "tablet");
  await bela.sendMessage({ conversation: ba, text: "before" });
  const laptop = world.clients.get("laptop")!;
  await hasText(laptop, ab, "before");
  await hasText(tablet, ab, "before");
  const number = (await laptop.state()).self!.device;
  const restorable = async (): Promise<boolean> => (await anna.devices()).find(({ device }) => device === number)?.restorable === true;
  await until(anna, restorable);
  await world.close("laptop");
  rmSync(profile("laptop"), { recursive: true });
  await bela.sendMessage({ conversation: ba, text: "meanwhile" });
  await hasText(tablet, ab, "meanwhile");
  const before = await anna.devices();

  const emptied = world.open("laptop");
  await emptied.startLink({ deviceName: "laptop", platform: "test" });
  await anna.openLinkCode((await linkStage(emptied, "waiting-for-scan")).uri!);
  const asked = await linkStage(anna, "comparing");
  await linkStage(emptied, "comparing");
  await anna.approveLink(asked.attempt!, { restore: number });
  await linkStage(emptied, "active");
  await until(emptied, async () => (await texts(emptied, ab)).join() === "before,meanwhile");
  expect((await emptied.state()).self).toMatchObject({ device: number, handle: "anna" });
  expect((await anna.devices()).map(({ device, addedAtMs }) => [device, addedAtMs])).toEqual(
    before.map(({ device, addedAtMs }) => [device, addedAtMs]),
  );
  await emptied.sendMessage({ conversation: ab, text: "back again" });
  await bela.sendMessage({ conversation: ba, text: "welcome back" });
  await hasText(emptied, ab, "welcome back");
  for (const [client, conversation] of [[bela, ba], [anna, ab], [tablet, ab], [emptied, ab]] as const) {
    await until(client, async () => (await texts(client, conversation)).toSorted().join() === "back again,before,meanwhile,welcome back");
  } // prettier-ignore
  // A fresh capsule: it can be lost once more.
  await until(anna, restorable);
}, 60_000);

test("a capsule opens for nobody else: not for a companion, not after the device was revoked", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  const number = (await laptop.state()).self!.device;
  await until(anna, async () => (await anna.devices()).some(({ restorable }) => restorable));
  await anna.revokeDevice(number);
  const other = world.open("other");
  await other.startLink({ deviceName: "laptop", platform: "test" });
  await anna.openLinkCode((await linkStage(other, "waiting-for-scan")).uri!);
  const asked = await linkStage(anna, "comparing");
  await anna.approveLink(asked.attempt!, { restore: number });
  await until(other, async () => (await other.linkStatus())?.stage === "failed");
  expect((await other.state()).phase).not.toBe("ready");
  expect((await anna.devices()).map(({ device }) => device)).toEqual([1]);
}, 60_000);

test("an account moves to a new phone: companions stay, history comes along, the old phone is out at the end", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop");
  await bela.sendMessage({ conversation: ba, text: "before" });
  await hasText(anna, ab, "before");
  await hasText(laptop, ab, "before");
  const phone = world.open("new-phone");
  await phone.startLink({ deviceName: "new phone", platform: "test", as: "phone" });
  await anna.openLinkCode((await linkStage(phone, "waiting-for-scan")).uri!);
  const asked = await linkStage(anna, "comparing");
  expect(asked.peer?.kind).toBe("phone");
  // Whoever believes to link a companion hands no key out.
  await expect(anna.approveLink(asked.attempt!)).rejects.toMatchObject({ code: "WRONG_ROLE" });
  await anna.approveLink(asked.attempt!, { newPhone: true });
  await until(phone, async () => (await phone.state()).phase === "ready");
  expect((await phone.state()).role).toBe("phone");
  // Until it is finished both are phones, and giving up here costs nothing.
  await hasText(phone, ab, "before");
  await bela.sendMessage({ conversation: ba, text: "to both" });
  await hasText(anna, ab, "to both");
  await hasText(phone, ab, "to both");
  await until(phone, async () => (await phone.state()).history.kind === "complete");
  await phone.finishMove();
  await until(anna, async () => (await anna.state()).phase === "revoked");
  expect((await anna.state()).revocation).toMatchObject({ reason: "replaced", revokedByName: "new phone" });
  await phone.finishMove();
  expect((await laptop.state()).phase).toBe("ready");
  await laptop.sendMessage({ conversation: ab, text: "from the laptop" });
  await hasText(phone, ab, "from the laptop");
  await hasText(bela, ba, "from the laptop");
  // The new phone is a whole phone: it links, renames, revokes.
  const tablet = await world.link(phone, "tablet");
  await hasText(tablet, ab, "before");
  await phone.renameDevice((await laptop.state()).self!.device, "desk");
  expect((await phone.devices()).map(({ name, role }) => `${name} ${role}`)).toEqual([
    "desk companion",
    "new phone phone",
    "tablet companion",
  ]);
  await until(phone, async () => (await phone.devices()).filter(({ restorable }) => restorable).length === 2);
}, 60_000);
