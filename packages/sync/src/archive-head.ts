/**
 * The head of an account's encrypted archive: which chunks there are, in pages that each name the one before, under a key that only the
 * account's devices have. Invariants: what `openHead` gives was written by a device that had the newest key, or is signed by one that is still
 * in the list; a head older than one that was seen is told apart from a newer one. docs/PROTOCOL.md, "Archive".
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AccountId,
  accountIdToBytes,
  type Bytes,
  concat,
  equalBytes,
  err,
  fromHex,
  ok,
  type Primitives,
  type Random,
  type Result,
  toHex,
  utf8,
} from "@hawser/base";
import { openStream, sealStream } from "@hawser/crypto";
import { type ArchiveEntry, type ArchiveHead, ArchiveHeadSchema, type ArchivePage, ArchivePageSchema } from "@hawser/wire";
import { encodeSignedHead, type HeadSigner, isHeadSigned } from "./archive-signature.ts";
import { MAX_ARCHIVE_PAGES, MAX_CHUNKS, MAX_HEAD_ENTRIES, SPILLED_ENTRIES } from "./bounds.ts";

export interface ArchiveKeyFields {
  readonly number: number;
  /** 32 bytes. */
  readonly key: Bytes;
}

export const HEAD_FAULTS = [
  /** Sealed under a key that a removed device has, and no device of the list says that it wrote it. */
  "stale-key",
  "unreadable",
  /** Of an archive that was switched off. */
  "other-archive",
  /** Older than one that this device has seen. */
  "rolled-back",
  /** Another one of the same number. */
  "forked",
  /** There is none, or not all of it, though there was. */
  "withheld",
] as const;
export type HeadFault = (typeof HEAD_FAULTS)[number];

/** The newest head that a device knows of. */
export interface SeenHead {
  readonly counter: number;
  /** Hexadecimal SHA-256; absent when only the number is known. */
  readonly hash?: string;
  /** Of the key it was sealed under; absent when not known. */
  readonly keyNumber?: number;
}

const LABEL = utf8("hawser archive head v1\0");
const KEY_NUMBER_SIZE_BYTES = 4;
const NONCE_SIZE_BYTES = 12;

/** u32 key number ‖ nonce (12) ‖ AES-256-GCM. */
export function sealHead(
  head: ArchiveHead,
  account: AccountId,
  { number, key }: ArchiveKeyFields,
  signer: HeadSigner,
  primitives: Primitives,
  random: Random,
): Bytes {
  const prefix = new Uint8Array(KEY_NUMBER_SIZE_BYTES);
  new DataView(prefix.buffer).setUint32(0, number);
  const nonce = random.bytes(NONCE_SIZE_BYTES);
  const plain = encodeSignedHead(head, account, prefix, signer, primitives);
  const sealed = primitives.aes256GcmSeal(key, nonce, plain, bound(account, prefix));
  return concat(prefix, nonce, sealed);
}

export interface OpenedHead {
  readonly head: ArchiveHead;
  readonly hash: string;
  readonly keyNumber: number;
  /** Sealed under a key that a removed device has: due to be sealed anew. */
  readonly stale: boolean;
}

export function openHead(
  sealed: Bytes,
  expected: {
    readonly account: AccountId;
    readonly archiveId: string;
    /** The newest last. */
    readonly keys: readonly ArchiveKeyFields[];
    /** Also the newest was known to a device that has left the list. */
    readonly renewalDue: boolean;
    readonly seen: SeenHead | undefined;
    /** Of a device in the account's list. */
    readonly signingKeyOf: (device: number) => Bytes | undefined;
  },
  primitives: Primitives,
): Result<OpenedHead, HeadFault> {
  const { account, seen, keys } = expected;
  if (sealed.length === 0) return err("withheld");
  if (sealed.length < KEY_NUMBER_SIZE_BYTES + NONCE_SIZE_BYTES) return err("unreadable");
  const prefix = sealed.slice(0, KEY_NUMBER_SIZE_BYTES);
  const number = new DataView(prefix.buffer).getUint32(0);
  const opener = keys.find((key) => key.number === number);
  if (opener === undefined) return err("unreadable");
  const hash = hashOf(sealed, primitives);
  const nonce = sealed.subarray(KEY_NUMBER_SIZE_BYTES, KEY_NUMBER_SIZE_BYTES + NONCE_SIZE_BYTES);
  const body = sealed.subarray(KEY_NUMBER_SIZE_BYTES + NONCE_SIZE_BYTES);
  const plain = primitives.aes256GcmOpen(opener.key, nonce, body, bound(account, prefix));
  const head = plain === undefined ? undefined : decode(() => fromBinary(ArchiveHeadSchema, plain));
  if (plain === undefined || head === undefined || !head.entries.every(isWellFormed) || head.entryCount > MAX_CHUNKS)
    return err("unreadable");
  if (toHex(head.archiveId) !== expected.archiveId) return err("other-archive");
  const stale = expected.renewalDue || opener !== keys.at(-1);
  if (stale && seen?.hash !== hash) {
    // Whoever was removed can seal under this key, and sign for nobody in the list.
    const writer = expected.signingKeyOf(head.writer);
    if (writer === undefined || !isHeadSigned(plain, account, prefix, writer, primitives)) return err("stale-key");
  }
  // After a head under a newer key nobody writes one under an older key: the newer one has to be read first.
  if (number < (seen?.keyNumber ?? 0)) return err("rolled-back");
  if (seen !== undefined && head.counter < seen.counter) return err("rolled-back");
  if (seen?.hash !== undefined && Number(head.counter) === seen.counter && hash !== seen.hash) return err("forked");
  return ok({ head, hash, keyNumber: number, stale });
}

export const hashOf = (sealed: Bytes, primitives: Primitives): string => toHex(primitives.sha256(sealed));

export interface SealedPage {
  readonly blobId: string;
  readonly key: Bytes;
  readonly ciphertext: Bytes;
  readonly page: ArchivePage;
}

/** When the head is full: its oldest entries as a page, to be stored before a head that names it. */
export function spill(
  head: ArchiveHead,
  primitives: Primitives,
  random: Random,
): { readonly head: ArchiveHead; readonly page: SealedPage } | undefined {
  if (head.entries.length < MAX_HEAD_ENTRIES) return undefined;
  const page: ArchivePage = {
    $typeName: "hawser.v1.ArchivePage",
    archiveId: head.archiveId,
    firstIndex: head.entryCount - head.entries.length,
    entries: head.entries.slice(0, SPILLED_ENTRIES),
    ...(head.pages === undefined ? {} : { previous: head.pages }),
  };
  const { key, sealed, blobId } = sealStream(primitives, toBinary(ArchivePageSchema, page), { random });
  const pages = { $typeName: "hawser.v1.ArchivePageReference", blobId: fromHex(blobId)!, key } as const;
  return { head: { ...head, entries: head.entries.slice(SPILLED_ENTRIES), pages }, page: { blobId, key, ciphertext: sealed, page } };
}

/** The page that ends where `endIndex` begins, or nothing. */
export function openPage(
  ciphertext: Bytes,
  key: Bytes,
  archiveId: Bytes,
  endIndex: number,
  primitives: Primitives,
): ArchivePage | undefined {
  const opened = openStream(primitives, key, ciphertext);
  const page = opened.ok ? decode(() => fromBinary(ArchivePageSchema, opened.value)) : undefined;
  if (page === undefined || !equalBytes(page.archiveId, archiveId) || !page.entries.every(isWellFormed)) return undefined;
  return page.firstIndex + page.entries.length === endIndex && page.entries.length > 0 ? page : undefined;
}

/** Reads back to the first entry. `fetch` answers nothing for a page that cannot be had. */
export async function allEntries(
  head: ArchiveHead,
  fetch: (blobId: string) => Promise<Bytes | undefined>,
  primitives: Primitives,
): Promise<readonly ArchiveEntry[] | undefined> {
  let entries: readonly ArchiveEntry[] = head.entries;
  let reference = head.pages;
  for (let pages = 0; reference !== undefined; pages++) {
    const ciphertext = pages < MAX_ARCHIVE_PAGES ? await fetch(toHex(reference.blobId)) : undefined;
    const endIndex = head.entryCount - entries.length;
    const page = ciphertext === undefined ? undefined : openPage(ciphertext, reference.key, head.archiveId, endIndex, primitives);
    if (page === undefined) return undefined;
    entries = [...page.entries, ...entries];
    reference = page.previous;
  }
  return entries.length === head.entryCount ? entries : undefined;
}

export interface HeadChange {
  readonly entry: ArchiveEntry;
  /** The newest entry is written anew, with more in it. */
  readonly replacesLast: boolean;
  readonly nowMs: number;
  /** Nothing is left to write after this. */
  readonly drained: boolean;
}

/** The head after `head`, which hashed to `previousHash`. */
export function nextHead(head: ArchiveHead, previousHash: Bytes, { entry, replacesLast, nowMs, drained }: HeadChange): ArchiveHead {
  const last = replacesLast ? head.entries.at(-1) : undefined;
  const kept = last === undefined ? head.entries : head.entries.slice(0, -1);
  return {
    ...head,
    counter: head.counter + 1n,
    previousHash,
    entries: [...kept, entry],
    entryCount: head.entryCount + (last === undefined ? 1 : 0),
    messageCount: head.messageCount + BigInt(entry.messageCount - (last?.messageCount ?? 0)),
    writtenAtMs: BigInt(Math.floor(nowMs)),
    drainedAtMs: drained ? BigInt(Math.floor(nowMs)) : head.drainedAtMs,
  };
}

const bound = (account: AccountId, prefix: Bytes): Bytes => concat(LABEL, accountIdToBytes(account), prefix);

const isWellFormed = ({ blobId, key }: ArchiveEntry): boolean => blobId.length === 32 && key.length === 32;

function decode<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
