/**
 * Archives as a reader finds them who has only what stands on the disks: under the newest key, every chunk there, everything in it that its phone
 * has. Devices of a release before today's have their own ways with them: accounts with one are not looked at.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import { accountIdToBytes, type BlobId, type Bytes, toHex } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node";
import { allEntries, openChunk, openHead, pureCompression } from "@hawser/sync";
import { type ArchiveHead, type ArchiveState, ArchiveStateSchema } from "@hawser/wire";
import type { Device } from "../nodes/device.ts";
import { type Account, phoneOf } from "../nodes/account.ts";
import type { World } from "../nodes/world.ts";
import type { RuleName } from "./violation.ts";

type Add = (rule: RuleName, text: string) => void;

/** What the archive's entry on a device's disk says. */
export function archiveOn(device: Device): ArchiveState {
  const exists = device.disk.rows("SELECT 1 FROM sqlite_schema WHERE name = 'state_entries'").length > 0;
  const [row] = exists ? device.disk.rows<{ value: Uint8Array }>("SELECT value FROM state_entries WHERE collection = 'archive'") : [];
  return row === undefined ? create(ArchiveStateSchema) : fromBinary(ArchiveStateSchema, row.value);
}

/** `members`: the live devices of one account. */
export async function checkArchive(world: World, account: Account, members: readonly Device[], add: Add): Promise<void> {
  const phone = members.find((device) => device === phoneOf(account));
  if (phone === undefined || members.some((device) => !device.runsToday)) return;
  const kept = archiveOn(phone);
  for (const device of members) {
    const status = await device.client?.archive();
    if (status === undefined) continue;
    if (status.on !== kept.on) add("devices agree", `the archive is ${status.on ? "on" : "off"} on ${device.name}, not on ${phone.name}`);
    if (status.trouble !== undefined) add("every wait ends", `${device.name}'s archive is in trouble: ${status.trouble}`);
  }
  if (kept.on) await checkWhole(world, account, { phone, kept }, add);
}

const headOf = (world: World, account: Account): Bytes =>
  world.server.disks.blobs.rows<{ head: Uint8Array }>("SELECT head FROM archive_heads WHERE account = ?", accountIdToBytes(account.id!))[0]
    ?.head ?? new Uint8Array(0);

async function checkWhole(
  world: World,
  account: Account,
  { phone, kept }: { readonly phone: Device; readonly kept: ArchiveState },
  add: Add,
): Promise<void> {
  const lacks = (what: string): void => add("the archive is whole", `the archive of ${account.handle} ${what}`);
  const has = phone.disk.rows<{ id: string }>("SELECT lower(hex(id)) AS id FROM messages WHERE kind <> 2").map(({ id }) => id);
  const sealed = headOf(world, account);
  if (sealed.length === 0 && has.length === 0) return;
  const archiveId = toHex(kept.archiveId);
  const newest = kept.keys.toSorted((a, b) => a.number - b.number).at(-1)!;
  const expected = { account: account.id!, archiveId, keys: [newest], renewalDue: false, seen: undefined, signingKeyOf: () => undefined };
  const opened = openHead(sealed, expected, nodePrimitives);
  if (!opened.ok) return lacks(`has a head that does not open under its newest key: ${opened.error}`);
  const archived = await messagesIn(world, opened.value.head, lacks);
  const missing = has.filter((id) => !archived.has(id));
  if (missing.length > 0) lacks(`lacks ${missing.length} of ${has.length} messages`);
}

/** Their ids, in hexadecimal. */
async function messagesIn(world: World, head: ArchiveHead, lacks: (what: string) => void): Promise<Set<string>> {
  const ids = new Set<string>();
  const blob = (id: string): Bytes | undefined => world.server.shelf.get(id as BlobId);
  const entries = await allEntries(head, (id) => Promise.resolve(blob(id)), nodePrimitives);
  if (entries === undefined) lacks("has pages that cannot be had");
  for (const [index, { blobId, key }] of (entries ?? []).entries()) {
    const id = toHex(blobId) as BlobId;
    const ciphertext = blob(id);
    const expected = { blob: id, key, jobId: toHex(head.archiveId), index };
    const chunk = ciphertext === undefined ? undefined : openChunk(ciphertext, expected, nodePrimitives, pureCompression);
    if (chunk?.ok !== true) lacks(`has a chunk ${index} that ${chunk === undefined ? "is gone" : `does not open: ${chunk.error.kind}`}`);
    else for (const { entries: all } of chunk.value.conversations) for (const { messageId } of all) ids.add(toHex(messageId));
  }
  return ids;
}
