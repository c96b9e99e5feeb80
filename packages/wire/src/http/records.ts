/**
 * Frames in the bodies of HTTP requests and answers. Upwards: u32 length · frame, as often as fits. Downwards: u32 number · u32 length ·
 * frame; number 0 is the end, with u16 close code · reason in UTF-8. docs/PROTOCOL.md, "Without WebSockets".
 */
import { assert, type Bytes, concat, err, fromUtf8, ok, type Result, utf8 } from "@hawser/base";
import { MAX_FRAME_BYTES } from "../limits.ts";

/** A body upwards is filled up to this size, unless one frame is larger. */
export const UP_BODY_BYTES = 262_144;
export const MAX_UP_BODY_BYTES = MAX_FRAME_BYTES + 4;
/** An answer to a poll is filled up to this size, unless one frame is larger. */
export const DOWN_BODY_BYTES = 262_144;
export const MAX_DOWN_BODY_BYTES = DOWN_BODY_BYTES + MAX_FRAME_BYTES;
/** What stands for a connection in paths: fresh random bytes, good for as long as it lasts. */
export const CARRIER_ID_BYTES = 16;

export type DownRecord =
  | { readonly kind: "frame"; readonly number: number; readonly frame: Bytes }
  | { readonly kind: "end"; readonly code: number; readonly reason: string };

export interface RecordError {
  readonly kind: "truncated" | "too-large";
  readonly offset: number;
}

const U32 = 4;

export function encodeUpBody(frames: readonly Bytes[]): Bytes {
  return concat(...frames.flatMap((frame) => [u32(frame.length), frame]));
}

export function decodeUpBody(body: Bytes): Result<Bytes[], RecordError> {
  const frames: Bytes[] = [];
  let at = 0;
  while (at < body.length) {
    const frame = sized(body, at);
    if (!frame.ok) return frame;
    frames.push(frame.value);
    at += U32 + frame.value.length;
  }
  return ok(frames);
}

export function encodeDownRecord(record: DownRecord): Bytes {
  if (record.kind === "frame") {
    assert(record.number > 0, "frames are numbered from 1");
    return concat(u32(record.number), u32(record.frame.length), record.frame);
  }
  const reason = utf8(record.reason);
  return concat(u32(0), u32(2 + reason.length), Uint8Array.of(record.code >> 8, record.code & 255), reason);
}

export function decodeDownRecords(body: Bytes): Result<DownRecord[], RecordError> {
  const records: DownRecord[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + U32 > body.length) return err({ kind: "truncated", offset: at });
    const number = readU32(body, at);
    const content = sized(body, at + U32);
    if (!content.ok) return content;
    const bytes = content.value;
    if (number > 0) records.push({ kind: "frame", number, frame: bytes });
    else if (bytes.length < 2) return err({ kind: "truncated", offset: at });
    else records.push({ kind: "end", code: bytes[0]! * 256 + bytes[1]!, reason: fromUtf8(bytes.subarray(2)) ?? "" });
    at += 2 * U32 + bytes.length;
  }
  return ok(records);
}

function sized(body: Bytes, at: number): Result<Bytes, RecordError> {
  if (at + U32 > body.length) return err({ kind: "truncated", offset: at });
  const length = readU32(body, at);
  if (length > MAX_FRAME_BYTES) return err({ kind: "too-large", offset: at });
  if (at + U32 + length > body.length) return err({ kind: "truncated", offset: at });
  return ok(body.subarray(at + U32, at + U32 + length));
}

const u32 = (value: number): Bytes => Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const readU32 = (bytes: Bytes, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
