/** What people do with their devices. */
import { newMessageId } from "@hawser/base";
import type { SentMessage } from "../check/oracle.ts";
import { CANARY } from "../check/wire-watch.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { Account } from "../nodes/world.ts";
import type { Cast } from "./cast.ts";
import type { LinkWay } from "./link-ways.ts";

export const MAX_DEVICES = 4;
/** One by one, and as people do who are in a hurry. */
const WAYS: readonly (readonly LinkWay[])[] = [["letters"], ["reverse"], ["code", "letters"], ["letters", "code", "reverse"]];

const file = (random: SeededRandom) => {
  const bytes = Buffer.concat([Buffer.from(CANARY), random.bytes(200 + random.below(4_000))]);
  return {
    name: `${CANARY}.bin`,
    sizeBytes: bytes.length,
    mediaType: "application/octet-stream",
    read: (offset: number, sizeBytes: number) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + sizeBytes))),
  };
};

export function send(cast: Cast, random: SeededRandom): void {
  const count = random.chance(0.2) ? 2 + random.below(8) : 1;
  const from = cast.pickMember(random);
  if (from === undefined) return;
  const to = cast.pickOther(random, from.account);
  for (let i = 0; i < count; i++) void sendOne(cast, random, from, to, false);
}

export function sendFile(cast: Cast, random: SeededRandom): void {
  const from = cast.pickMember(random);
  if (from !== undefined) void sendOne(cast, random, from, cast.pickOther(random, from.account), true);
}

async function sendOne(
  cast: Cast,
  random: SeededRandom,
  from: NonNullable<ReturnType<Cast["pickMember"]>>,
  to: Cast["world"]["accounts"][number],
  withFile: boolean,
): Promise<void> {
  const { world } = cast;
  const text = `${CANARY} message ${cast.label()}.`;
  const id = newMessageId(from.device.machine.clock(0).nowMs(), random);
  const message: SentMessage = {
    id,
    text,
    from: from.device,
    fromAccount: from.account,
    toAccount: to,
    askedAtMs: world.scheduler.nowMs,
    promisedAtMs: undefined,
    life: from.device.machine.life,
  };
  world.oracle.sent.set(id, message);
  cast.note(`${from.device.name} sends "${text}" to ${to.handle}${withFile ? " with a file" : ""}`);
  try {
    const conversation = await from.client.openConversation(to.id!);
    await from.client.sendMessage({ conversation: conversation.id, text, id, ...(withFile ? { attachments: [file(random)] } : {}) });
    if (from.device.machine.life === message.life) message.promisedAtMs = world.scheduler.nowMs;
  } catch (error) {
    cast.note(`${from.device.name} could not send: ${String(error)}`);
  }
}

export async function read(cast: Cast, random: SeededRandom): Promise<void> {
  const reader = cast.pickMember(random);
  if (reader === undefined) return;
  try {
    const { items } = await reader.client.conversations();
    const unread = items.filter((conversation) => conversation.unread > 0);
    const chosen = unread.length === 0 ? undefined : random.pick(unread);
    if (chosen?.last === undefined) return;
    cast.note(`${reader.device.name} reads`);
    await reader.client.markRead(chosen.id, chosen.last.id);
  } catch (error) {
    cast.note(`${reader.device.name} could not read: ${String(error)}`);
  }
}

export async function changeState(cast: Cast, random: SeededRandom): Promise<void> {
  const who = cast.pickMember(random);
  if (who === undefined) return;
  const other = cast.pickOther(random, who.account);
  const name = `${CANARY} name ${cast.label()}`;
  const kind = random.below(4);
  cast.note(`${who.device.name} changes ${["a contact's name", "a chat", "its settings", "its own name"][kind]}`);
  try {
    if (kind === 0) await who.client.renameContact(other.id!, name);
    else if (kind === 1)
      await who.client.setChatState((await who.client.openConversation(other.id!)).id, {
        pinned: random.chance(0.5),
        archived: random.chance(0.3),
      });
    else if (kind === 2) await who.client.setSettings({ readReceipts: random.chance(0.5), language: random.pick(["en", "tr", "az"]) });
    else await who.client.setDisplayName(name);
  } catch (error) {
    cast.note(`${who.device.name} could not: ${String(error)}`);
  }
}

export function link(cast: Cast, random: SeededRandom): void {
  const account = random.pick(cast.world.accounts);
  if (1 + cast.companions(account).length >= MAX_DEVICES) return;
  cast.links.begin(account, random);
}

export function linkOtherWays(cast: Cast, random: SeededRandom): void {
  const account = random.pick(cast.world.accounts);
  const ways = random.pick(WAYS);
  if (1 + cast.companions(account).length < MAX_DEVICES) cast.links.begin(account, random, { ways });
}

export async function revoke(cast: Cast, random: SeededRandom): Promise<void> {
  const account = random.pick(cast.world.accounts);
  const phone = cast.members([cast.phone(account)])[0];
  const target = cast.world.oracle.numbers.get(random.pick([...cast.companions(account), cast.phone(account)]));
  if (phone === undefined || target === undefined) return;
  cast.note(`${phone.name} revokes device ${target.device}`);
  cast.world.oracle.removalAsked(account, target.device);
  await phone
    .client!.revokeDevice(target.device as never)
    .catch((error: unknown) => cast.note(`${phone.name} could not revoke: ${String(error)}`));
}

export async function wipe(cast: Cast, random: SeededRandom): Promise<void> {
  const account = random.pick(cast.world.accounts);
  const device = cast.members(cast.companions(account))[0];
  if (device === undefined) return;
  cast.note(`${device.name} wipes itself`);
  cast.wiped.add(device);
  cast.links.wiped(device);
  cast.world.oracle.removalAsked(account, cast.world.oracle.numbers.get(device)!.device);
  await device.client!.wipe().catch((error: unknown) => cast.note(`${device.name} could not wipe itself: ${String(error)}`));
}

/**
 * A device that wiped itself and could not say so (its phone could not read it, the server was out) is taken off the list by hand; so is
 * what a device was before it lost its store.
 */
export function removeGhosts(cast: Cast): void {
  const { oracle, server, accounts } = cast.world;
  for (const account of accounts) {
    const entry = account.id === undefined ? undefined : server.directory?.find(account.id);
    const isListed = (number: number | undefined): number is number => number !== undefined && entry?.devices.has(number as never) === true;
    const wiped = account.devices.filter((device) => cast.wiped.has(device)).map((device) => oracle.numbers.get(device)?.device);
    const left = cast.leftBehind.filter((one) => one.account === account).map(({ number }) => number);
    for (const number of wiped.filter(isListed)) remove(cast, account, number, "which wiped itself");
    for (const number of left.filter(isListed)) remove(cast, account, number, "which lost its store");
  }
}

function remove(cast: Cast, account: Account, number: number, which: string): void {
  const phone = cast.members([cast.phone(account)])[0];
  cast.note(`${phone?.name} removes device ${number}, ${which}`);
  cast.world.oracle.removalAsked(account, number);
  void phone?.client
    ?.revokeDevice(number as never)
    .catch((error: unknown) => cast.note(`${phone.name} could not remove it: ${String(error)}`));
}

export async function importChat(cast: Cast, random: SeededRandom): Promise<void> {
  const account = random.pick(cast.world.accounts);
  const phone = cast.members([cast.phone(account)])[0];
  if (phone === undefined) return;
  const label = cast.label();
  const lines = Array.from(
    { length: 5 + random.below(40) },
    (_, i) => `[01.03.24, 10:${String(i).padStart(2, "0")}:00] ${i % 2 === 0 ? "Mia" : "Noor"}: ${CANARY} old ${label}-${i}`,
  );
  const bytes = Buffer.from(lines.join("\r\n"));
  const source = {
    name: `WhatsApp Chat - ${CANARY}.txt`,
    sizeBytes: bytes.length,
    mediaType: "text/plain",
    read: (offset: number, sizeBytes: number) => Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + sizeBytes))),
  };
  cast.note(`${phone.name} imports ${lines.length} messages`);
  try {
    const preview = await phone.client!.previewImport(source);
    await phone.client!.runImport({ importId: preview.importId, title: preview.title, self: "Noor" });
  } catch (error) {
    cast.note(`${phone.name} could not import: ${String(error)}`);
  }
}

export async function askForHistory(cast: Cast, random: SeededRandom): Promise<void> {
  const account = random.pick(cast.world.accounts);
  const device = cast.members(cast.companions(account))[0];
  if (device === undefined) return;
  cast.note(`${device.name} asks for history`);
  await device.client!.requestHistory().catch((error: unknown) => cast.note(`${device.name} could not ask: ${String(error)}`));
}

export function restart(cast: Cast, random: SeededRandom): void {
  const devices = cast.running();
  if (devices.length === 0) return;
  const device = random.pick(devices);
  cast.note(`${device.name} is closed`);
  device.close();
  cast.after(random.pick([100, 5_000, 600_000, 6 * 3_600_000]) * random.fraction(), () => {
    cast.note(`${device.name} is opened`);
    device.start();
  });
}
