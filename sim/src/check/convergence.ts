/**
 * What must hold once the trouble is over: every accepted message on every live device once, devices of an account agreeing, nothing
 * waiting, one chain of lists. Reads the disks, so that it sees what is durable and not what a process believes.
 */
import { messageIdToBytes, type SqlRow, toHex } from "@hawser/base";
import type { Cast } from "../run/cast.ts";
import type { Device } from "../nodes/device.ts";
import type { Account } from "../nodes/world.ts";
import { checkArchive } from "./archives.ts";
import { wasDropped } from "./dropped.ts";
import { wentWithPhone } from "./lost-phones.ts";
import { checkPhones } from "./phones.ts";
import type { SentMessage } from "./oracle.ts";
import { unexplained } from "./unreadable.ts";
import type { RuleName, Violation } from "./violation.ts";

interface Member {
  readonly device: Device;
  readonly account: Account;
}

export async function discrepancies(cast: Cast): Promise<Violation[]> {
  const found: Violation[] = [];
  const add = (rule: RuleName, text: string): void => void found.push({ rule, text });
  const members = await findMembers(cast, add);
  checkMessages(cast, members, add);
  for (const account of cast.world.accounts) {
    const its = members.filter((member) => member.account === account);
    const apart = [...cast.world.blocks.apart(account), ...neverSent(cast), ...unexplained(cast.world, account, devicesOf(its))];
    checkAgreement(its, new Set(apart), add);
    cast.world.blocks.check(account, devicesOf(its), add);
    checkPhones(cast, account, add);
    await checkArchive(cast.world, account, devicesOf(its), add);
  }
  checkLists(cast, members, add);
  for (const { device } of members) await checkWaits(cast, device, add);
  return found;
}

type Add = (rule: RuleName, text: string) => void;

/** Devices that the server's newest list of their account names and that know themselves as it does. */
async function findMembers(cast: Cast, add: Add): Promise<Member[]> {
  const { world } = cast;
  const members: Member[] = [];
  for (const account of world.accounts) {
    const entry = account.id === undefined ? undefined : world.server.directory?.find(account.id);
    const claimed = new Set<number>();
    for (const device of account.devices) {
      const state = await device.client?.state();
      if (state === undefined) continue;
      const { self, phase } = state;
      if (phase === "ready" && self !== undefined) {
        claimed.add(self.device);
        if (entry?.devices.has(self.device) === true) members.push({ device, account });
        else add("revoked only by signature", `${device.name} believes itself a member, the list does not name it`);
      } else if (world.oracle.numbers.has(device) && !cast.wiped.has(device) && phase !== "revoked") {
        add("revoked only by signature", `${device.name} was a member and is ${phase} without a revocation`);
      }
      if (phase !== "ready" && !cast.links.isOpen(device)) checkLink(device, (await device.client?.linkStatus())?.stage, add);
    }
    const known = new Set(
      [...world.oracle.numbers].filter(([device]) => world.accountOf(device) === account).map(([, { device }]) => device),
    );
    for (const number of entry?.devices.keys() ?? [])
      if (!claimed.has(number) && !known.has(number)) add("every wait ends", `${account.handle} has a ghost: device ${number}`);
  }
  return members;
}

const RESTING = new Set([undefined, "paused", "failed", "active"]);

function checkLink(device: Device, stage: string | undefined, add: Add): void {
  if (!RESTING.has(stage)) add("every wait ends", `${device.name}'s link stands in ${stage}`);
}

function checkMessages(cast: Cast, members: readonly Member[], add: Add): void {
  const live = new Set(members.map((member) => member.device));
  const membersOf = (account: Account): Device[] => devicesOf(members.filter((member) => member.account === account));
  const { restored } = cast.world.oracle;
  const rowsOf = (device: Device, text: string) => device.disk.rows<{ id: Uint8Array }>("SELECT id FROM messages WHERE text = ?", text);
  for (const message of cast.world.oracle.sent.values()) {
    // What only stood on a disk that was put back is gone, whatever was promised; a copy of a store that lags has what was promised before.
    const gone = restored.some(
      ({ device, copiedAtMs, restoredAtMs }) =>
        device === message.from && (message.promisedAtMs ?? restoredAtMs) >= copiedAtMs && message.askedAtMs <= restoredAtMs,
    );
    const must = (message.promisedAtMs !== undefined && live.has(message.from) && !gone) || cast.world.wire.accepted.has(message.id);
    /** Its sender is no member any more: it sends nothing again. */
    const senderLeft = cast.wiped.has(message.from) || cast.world.oracle.revokedSeen.has(message.from);
    /**
     * It stood on a disk that was put back, or was sealed for what only that disk knew, by a device that then left; and it stands on no other
     * device of the account: nobody can give it to those that came later.
     */
    const wentWithDisk = (account: Account): boolean =>
      restored.some(
        ({ device, restoredAtMs }) =>
          account.devices.includes(device) &&
          (senderLeft ||
            (restoredAtMs >= message.askedAtMs &&
              (device === message.from || cast.world.oracle.seen.get(device)?.has(message.text) === true))),
      ) && !members.some((other) => other.account === account && rowsOf(other.device, message.text).length > 0);
    /** The server was put back to before it took it, and no device of the account has it. */
    const wentWithServer = (account: Account): boolean =>
      cast.world.oracle.serverRestored.some(
        ({ copiedAtMs, restoredAtMs }) =>
          message.askedAtMs <= restoredAtMs && (cast.world.wire.accepted.get(message.id) ?? restoredAtMs) >= copiedAtMs,
      ) && !members.some((other) => other.account === account && rowsOf(other.device, message.text).length > 0);
    const wentElsewhere = (account: Account): boolean =>
      wentWithPhone(cast, message, account, membersOf(account)) ||
      wasDropped(cast, message, account, membersOf(account)) ||
      wentWithServer(account);
    for (const { device, account } of members) {
      if (account !== message.fromAccount && account !== message.toAccount) continue;
      const rows = rowsOf(device, message.text);
      if (rows.length > 1) add("delivered exactly once", `"${message.text}" stands ${rows.length} times on ${device.name}`);
      // An older copy gets back what another device of its account still has.
      const wasRestored = restored.some((one) => one.device === device && one.restoredAtMs >= message.askedAtMs);
      const otherHasIt = members.some((other) => other.account === account && rowsOf(other.device, message.text).length > 0);
      const { blocks } = cast.world;
      const isBlocked =
        account === message.toAccount &&
        (blocks.mayBeDropped(message) ||
          // Lines that could not be read are not handed on to devices that come later.
          (blocks.asksInVain(account, message.fromAccount.id!) &&
            !otherHasIt &&
            membersOf(account).some((one) => isUnreadable(one, message))));
      const isExcused = isBlocked || wentWithDisk(account) || (!otherHasIt && (wasRestored || wentElsewhere(account)));
      if (rows.length === 0 && must && !isExcused)
        add("delivered exactly once", `"${message.text}" (${message.from.name} to ${message.toAccount.handle}) is not on ${device.name}`);
    }
  }
}

const isUnreadable = (device: Device, { id }: SentMessage): boolean =>
  device.disk.rows("SELECT 1 FROM messages WHERE id = ? AND kind = 2", messageIdToBytes(id)).length > 0;

/** What the devices of one account must have in common. */
const SHARED: Readonly<Record<string, string>> = {
  conversations: "SELECT id, title, unread, pinned, archived FROM conversations WHERE last_order > 0 ORDER BY id",
  messages: `SELECT hex(m.id) AS id, m.text, m.outgoing, iif(m.kind = 2, c.id, NULL) AS unreadable FROM messages m JOIN conversations c ON c.row = m.conversation ORDER BY hex(m.id)`,
  contacts: "SELECT account, name, verified, blocked, listed FROM contacts WHERE listed = 1 ORDER BY account",
  settings: `SELECT each.key AS setting, each.value AS value
    FROM kv, json_each(CAST(kv.value AS TEXT)) AS each WHERE kv.key = 'settings' ORDER BY each.key`,
};

/** Of settings those that both programs know: one may be of the release before. */
function inCommon(what: string, rows: readonly SqlRow[], others: readonly SqlRow[]): readonly SqlRow[] {
  return what === "settings" ? rows.filter(({ setting }) => others.some((other) => other["setting"] === setting)) : rows;
}

const devicesOf = (members: readonly Member[]): Device[] => members.map(({ device }) => device);

/** What a device that left could send to nobody: those have it to whom it gave history meanwhile. */
function neverSent({ world, wiped }: Cast): string[] {
  const { oracle, wire } = world;
  const left = (device: Device): boolean => wiped.has(device) || oracle.revokedSeen.has(device);
  const messages = [...oracle.sent.values()].filter(({ id, from }) => left(from) && !wire.accepted.has(id));
  return messages.map(({ id }) => toHex(messageIdToBytes(id)).toUpperCase());
}

/** `apart`: ids of what they need not have in common. */
function checkAgreement(members: readonly Member[], apart: ReadonlySet<string>, add: Add): void {
  const [first, ...others] = members;
  if (first === undefined) return;
  for (const [what, sql] of Object.entries(SHARED)) {
    const rowsOf = (device: Device): SqlRow[] =>
      device.disk
        .rows<SqlRow>(sql)
        .filter(({ id, unreadable }) => ![id, unreadable].some((one) => typeof one === "string" && apart.has(one)));
    const all = rowsOf(first.device);
    for (const { device } of others) {
      const rows = rowsOf(device);
      const [mine, its] = [inCommon(what, all, rows), inCommon(what, rows, all)];
      if (JSON.stringify(mine) !== JSON.stringify(its))
        add("devices agree", `${first.device.name} and ${device.name} differ in ${what}: ${difference(mine, its)}`);
    }
  }
}

function difference(mine: readonly unknown[], its: readonly unknown[]): string {
  const a = new Set(mine.map((row) => JSON.stringify(row)));
  const b = new Set(its.map((row) => JSON.stringify(row)));
  return [
    ...[...a]
      .filter((row) => !b.has(row))
      .slice(0, 2)
      .map((row) => `−${row}`),
    ...[...b]
      .filter((row) => !a.has(row))
      .slice(0, 2)
      .map((row) => `+${row}`),
  ].join(" ");
}

function checkLists(cast: Cast, members: readonly Member[], add: Add): void {
  for (const { device } of members) {
    for (const account of cast.world.accounts) {
      const own = account.devices.includes(device);
      const chain = cast.world.server.directory?.listsAfter(account.id!, 0) ?? [];
      const rows = device.disk.rows<{ number: number; payload: Uint8Array }>(
        "SELECT number, payload FROM device_lists WHERE account = ? ORDER BY number",
        account.id!,
      );
      for (const { number, payload } of rows) {
        const served = chain[number - 1];
        if (served === undefined || !Buffer.from(served.payload).equals(payload))
          add("one chain of lists", `${device.name} holds another list ${number} of ${account.handle} than the server`);
      }
      if (own && rows.at(-1)?.number !== chain.length)
        add("one chain of lists", `${device.name} stands at list ${rows.at(-1)?.number} of its account, the server at ${chain.length}`);
    }
  }
}

async function checkWaits(cast: Cast, device: Device, add: Add): Promise<void> {
  const state = await device.client?.state();
  if (state === undefined) return add("every wait ends", `${device.name} does not run`);
  if (state.connection.kind !== "online") add("every wait ends", `${device.name} is ${state.connection.kind}`);
  if (state.outboxCount > 0) add("every wait ends", `${device.name} has ${state.outboxCount} in its outbox`);
  if (state.history.kind === "running") add("every wait ends", `${device.name}'s history is still ${state.history.direction}`);
  if (!cast.links.busy) checkLink(device, (await device.client?.linkStatus())?.stage, add);
  // Of whom this device knows to be blocked nobody waits for an answer: the server lets none through.
  const waiting = device.disk.rows<{ id: Uint8Array; account: string }>(
    "SELECT message_id AS id, account FROM pending_resends WHERE account NOT IN (SELECT account FROM contacts WHERE blocked = 1)",
  );
  for (const { id, account } of waiting) {
    const known = [...cast.world.oracle.sent.values()].find((message) => Buffer.from(messageIdToBytes(message.id)).equals(id));
    const { blocks } = cast.world;
    if ((known !== undefined && blocks.mayBeDropped(known)) || blocks.asksInVain(cast.world.accountOf(device), account)) continue;
    add("every wait ends", `${device.name} still waits for a resend${known === undefined ? "" : ` of "${known.text}"`}`);
  }
}
