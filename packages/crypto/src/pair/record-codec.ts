/**
 * A session record as bytes: version, the pair it belongs to, the current session, archived sessions, base keys seen.
 * Invariant: decode(encode(r)) = r, and any other byte string is refused, trailing bytes included. The format is local to
 * one device and never crosses the wire. docs/PROTOCOL.md, "Session records".
 */
import { type Bytes, err, ok, type Result } from "@hawser/base";
import { ByteReader } from "../byte-reader.ts";
import { ByteWriter } from "../byte-writer.ts";
import type { PairError } from "./pair-error.ts";
import {
  KEM_SIZE_BYTES,
  KEY_SIZE_BYTES,
  MAX_ADDRESS_SIZE_BYTES,
  MAX_ARCHIVED_SESSIONS,
  MAX_RECEIVE_CHAINS,
  MAX_SEEN_BASE_KEYS,
  MAX_SKIPPED_KEYS,
  type PendingPreKey,
  type ReceiveChain,
  SEEN_BASE_KEY_SIZE_BYTES,
  type SessionRecord,
  type SessionState,
  SKIPPED_ENTRY_SIZE_BYTES,
} from "./session-state.ts";

const RECORD_VERSION = 1;
const RECORD_SIZE_HINT_BYTES = 2560;
const MAX_SKIPPED_SIZE_BYTES = MAX_SKIPPED_KEYS * SKIPPED_ENTRY_SIZE_BYTES;
const MAX_STATE_SIZE_BYTES = 4096 + MAX_SKIPPED_SIZE_BYTES;

export function encodeRecord(record: SessionRecord): Bytes {
  const writer = new ByteWriter(RECORD_SIZE_HINT_BYTES);
  writer.u8(RECORD_VERSION).raw(record.localIdentity).raw(record.remoteIdentity);
  writer.block(record.localAddress).block(record.remoteAddress);
  writeState(writer, record.current);
  writer.u8(record.archived.length);
  for (const state of record.archived) writer.block(state);
  writer.u8(record.seenBaseKeys.length / SEEN_BASE_KEY_SIZE_BYTES).raw(record.seenBaseKeys);
  return writer.finish();
}

export function decodeRecord(bytes: Bytes): Result<SessionRecord, PairError> {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (!reader.failed && version !== RECORD_VERSION) return err({ kind: "unsupported-version", version });
  const localIdentity = reader.raw(KEY_SIZE_BYTES);
  const remoteIdentity = reader.raw(KEY_SIZE_BYTES);
  const localAddress = reader.block(MAX_ADDRESS_SIZE_BYTES);
  const remoteAddress = reader.block(MAX_ADDRESS_SIZE_BYTES);
  const current = readState(reader);
  const archived = readList(reader, MAX_ARCHIVED_SESSIONS, () => reader.block(MAX_STATE_SIZE_BYTES));
  const seenCount = reader.u8();
  if (seenCount > MAX_SEEN_BASE_KEYS) reader.fail();
  const seenBaseKeys = reader.raw(seenCount * SEEN_BASE_KEY_SIZE_BYTES);
  const offset = reader.finish();
  if (offset !== undefined) return err({ kind: "malformed-record", offset });
  return ok({ localIdentity, remoteIdentity, localAddress, remoteAddress, current, archived, seenBaseKeys });
}

export function encodeState(state: SessionState): Bytes {
  const writer = new ByteWriter();
  writeState(writer, state);
  return writer.finish();
}

/** Reads one archived session of a record that was accepted as a whole. */
export function decodeState(bytes: Bytes): Result<SessionState, PairError> {
  const reader = new ByteReader(bytes);
  const state = readState(reader);
  const offset = reader.finish();
  return offset === undefined ? ok(state) : err({ kind: "malformed-record", offset });
}

function writeState(writer: ByteWriter, state: SessionState): void {
  writer.u53(state.createdAtMs).raw(state.baseKey).raw(state.rootKey);
  writer.raw(state.ratchetSecret).raw(state.ratchetPublic);
  writer.raw(state.sendChainKey).u32(state.sendCounter).u32(state.previousCounter);
  writer.u8(state.receiveChains.length);
  for (const chain of state.receiveChains) {
    writer
      .raw(chain.ratchetKey)
      .u32(chain.counter)
      .u8(chain.chainKey === undefined ? 0 : 1);
    if (chain.chainKey !== undefined) writer.raw(chain.chainKey);
    writer.block(chain.skipped);
  }
  const pending = state.pending;
  writer.u8(pending === undefined ? 0 : 1);
  if (pending === undefined) return;
  writer
    .u32(pending.signedPreKeyId)
    .u32(pending.kemPreKeyId)
    .u8(pending.oneTimePreKeyId === undefined ? 0 : 1);
  writer
    .u32(pending.oneTimePreKeyId ?? 0)
    .u32(pending.registrationTag)
    .raw(pending.kemCiphertext);
}

function readState(reader: ByteReader): SessionState {
  const createdAtMs = reader.u53();
  const baseKey = reader.raw(KEY_SIZE_BYTES);
  const rootKey = reader.raw(KEY_SIZE_BYTES);
  const ratchetSecret = reader.raw(KEY_SIZE_BYTES);
  const ratchetPublic = reader.raw(KEY_SIZE_BYTES);
  const sendChainKey = reader.raw(KEY_SIZE_BYTES);
  const sendCounter = reader.u32();
  const previousCounter = reader.u32();
  const receiveChains = readList(reader, MAX_RECEIVE_CHAINS, () => readChain(reader));
  // Only the newest chain is open; a record that says otherwise was not written by this code.
  receiveChains.forEach((chain, index) => {
    if ((chain.chainKey !== undefined) !== (index === receiveChains.length - 1)) reader.fail();
  });
  const pending = readFlag(reader) ? readPending(reader) : undefined;
  return {
    createdAtMs,
    baseKey,
    rootKey,
    ratchetSecret,
    ratchetPublic,
    sendChainKey,
    sendCounter,
    previousCounter,
    receiveChains,
    pending,
  };
}

function readChain(reader: ByteReader): ReceiveChain {
  const ratchetKey = reader.raw(KEY_SIZE_BYTES);
  const counter = reader.u32();
  const chainKey = readFlag(reader) ? reader.raw(KEY_SIZE_BYTES) : undefined;
  const skipped = reader.block(MAX_SKIPPED_SIZE_BYTES);
  if (skipped.length % SKIPPED_ENTRY_SIZE_BYTES !== 0) reader.fail();
  return { ratchetKey, counter, chainKey, skipped };
}

function readPending(reader: ByteReader): PendingPreKey {
  const signedPreKeyId = reader.u32();
  const kemPreKeyId = reader.u32();
  const hasOneTime = readFlag(reader);
  const oneTimeId = reader.u32();
  if (!hasOneTime && oneTimeId !== 0) reader.fail();
  const registrationTag = reader.u32();
  const kemCiphertext = reader.raw(KEM_SIZE_BYTES);
  return { signedPreKeyId, kemPreKeyId, oneTimePreKeyId: hasOneTime ? oneTimeId : undefined, kemCiphertext, registrationTag };
}

function readFlag(reader: ByteReader): boolean {
  const value = reader.u8();
  if (value > 1) reader.fail();
  return value === 1;
}

function readList<T>(reader: ByteReader, maxItems: number, readItem: () => T): T[] {
  const count = reader.u8();
  if (count > maxItems) reader.fail();
  const items: T[] = [];
  for (let i = 0; i < count && !reader.failed; i++) items.push(readItem());
  return items;
}
