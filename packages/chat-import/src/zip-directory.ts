/**
 * The directory at the end of a zip (APPNOTE.TXT 6.3.10 §4.3, §4.5.3 for zip64). Only the directory is believed, and only
 * when it is consistent: it ends where the end record begins, its entries lie in front of it and do not overlap, and their
 * names stay inside one folder tree. Nothing is ever written to a path, so a name is only ever a key.
 */
import { type Bytes, err, fromUtf8, ok, type Result } from "@hawser/base";
import { type ByteSource, readExactly } from "./byte-source.ts";
import { atOffset, type ImportError } from "./import-error.ts";
import {
  MAX_ZIP_DIRECTORY_BYTES,
  MAX_ZIP_ENTRIES,
  MAX_ZIP_ENTRY_BYTES,
  MAX_ZIP_RATIO,
  MAX_ZIP_TOTAL_BYTES,
  ZIP_RATIO_FREE_BYTES,
} from "./limits.ts";

export interface ZipEntry {
  /** As in the zip, "/" between folders. */
  readonly path: string;
  /** The last part of `path` in Unicode NFC; unique in the zip. */
  readonly fileName: string;
  readonly deflated: boolean;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly crc32: number;
  /** Where the local header begins. */
  readonly offsetBytes: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Where the directory begins: no entry's data reaches beyond. */
  readonly offsetBytes: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
export const LOCAL_HEADER_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
const FLAG_ENCRYPTED = 0x2041;
const STORED = 0;
const DEFLATED = 8;
const AES = 99;
const ALL_ONES_16 = 0xffff;
const ALL_ONES_32 = 0xffff_ffff;

interface End {
  readonly count: number;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
}

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** NaN beyond 2^53, so that every later comparison fails. */
const uint64 = (view: DataView, at: number): number => {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : Number.NaN;
};

export async function readZipDirectory(source: ByteSource): Promise<Result<ZipDirectory, ImportError>> {
  const end = await readEnd(source);
  if (!end.ok) return end;
  const { count, sizeBytes, offsetBytes } = end.value;
  if (count > MAX_ZIP_ENTRIES) return err(atOffset("too-many-entries", offsetBytes));
  if (sizeBytes > MAX_ZIP_DIRECTORY_BYTES) return err(atOffset("zip-bomb", offsetBytes));
  const bytes = await readExactly(source, offsetBytes, sizeBytes);
  if (!bytes.ok) return bytes;
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const entry = parseEntry(bytes.value, at, offsetBytes);
    if (!entry.ok) return entry;
    at = entry.value.next;
    if (!entry.value.entry.path.endsWith("/")) entries.push(entry.value.entry);
  }
  if (at !== sizeBytes) return err(atOffset("malformed-zip", offsetBytes + at));
  const refused = checkTogether(entries, offsetBytes);
  return refused === undefined ? ok({ entries, offsetBytes }) : err(refused);
}

/** The end record: its comment must reach exactly to the end of the file. */
async function readEnd(source: ByteSource): Promise<Result<End, ImportError>> {
  const tailBytes = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
  const tailAt = source.sizeBytes - tailBytes;
  const tail = await readExactly(source, tailAt, tailBytes);
  if (!tail.ok) return tail;
  const view = viewOf(tail.value);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE || at + END_BYTES + view.getUint16(at + 20, true) !== tailBytes) continue;
    const endAt = tailAt + at;
    const locatorAt = at - LOCATOR_BYTES;
    if (locatorAt >= 0 && view.getUint32(locatorAt, true) === LOCATOR_SIGNATURE) {
      return readEnd64(source, view, locatorAt, tailAt);
    }
    if (view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0) return err(atOffset("unsupported-zip", endAt));
    const count = view.getUint16(at + 10, true);
    if (count !== view.getUint16(at + 8, true)) return err(atOffset("unsupported-zip", endAt));
    const end = { count, sizeBytes: view.getUint32(at + 12, true), offsetBytes: view.getUint32(at + 16, true) };
    return end.offsetBytes + end.sizeBytes === endAt ? ok(end) : err(atOffset("malformed-zip", endAt));
  }
  return err(atOffset("truncated-zip", source.sizeBytes));
}

async function readEnd64(source: ByteSource, tail: DataView, locatorAt: number, tailAt: number): Promise<Result<End, ImportError>> {
  const at = uint64(tail, locatorAt + 8);
  const locatorOffset = tailAt + locatorAt;
  if (!(at + END64_BYTES <= locatorOffset)) return err(atOffset("malformed-zip", locatorOffset));
  const record = await readExactly(source, at, END64_BYTES);
  if (!record.ok) return record;
  const view = viewOf(record.value);
  if (view.getUint32(0, true) !== END64_SIGNATURE || at + 12 + uint64(view, 4) !== locatorOffset) return err(atOffset("malformed-zip", at));
  const [count, countHere, sizeBytes, offsetBytes] = [uint64(view, 32), uint64(view, 24), uint64(view, 40), uint64(view, 48)];
  if (view.getUint32(16, true) !== 0 || view.getUint32(20, true) !== 0 || count !== countHere) return err(atOffset("unsupported-zip", at));
  return offsetBytes + sizeBytes === at ? ok({ count, sizeBytes, offsetBytes }) : err(atOffset("malformed-zip", at));
}

function parseEntry(bytes: Bytes, at: number, base: number): Result<{ entry: ZipEntry; next: number }, ImportError> {
  const bad = (kind: ImportError["kind"]): Result<never, ImportError> => err(atOffset(kind, base + at));
  if (at + ENTRY_BYTES > bytes.length) return bad("malformed-zip");
  const view = viewOf(bytes);
  if (view.getUint32(at, true) !== ENTRY_SIGNATURE) return bad("malformed-zip");
  const nameAt = at + ENTRY_BYTES;
  const extraAt = nameAt + view.getUint16(at + 28, true);
  const commentAt = extraAt + view.getUint16(at + 30, true);
  const next = commentAt + view.getUint16(at + 32, true);
  if (next > bytes.length) return bad("malformed-zip");
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & FLAG_ENCRYPTED) !== 0 || method === AES) return bad("encrypted-zip");
  if ((method !== STORED && method !== DEFLATED) || view.getUint16(at + 34, true) !== 0) return bad("unsupported-zip");
  const sizes = readSizes(view, at, extraAt, commentAt);
  if (sizes === undefined) return bad("malformed-zip");
  const path = decodeName(bytes.subarray(nameAt, extraAt));
  if (!isSafePath(path)) return bad("unsafe-path");
  const { compressedBytes, sizeBytes } = sizes;
  if (method === STORED && compressedBytes !== sizeBytes) return bad("malformed-zip");
  if (sizeBytes > MAX_ZIP_ENTRY_BYTES) return bad("zip-bomb");
  if (sizeBytes > ZIP_RATIO_FREE_BYTES && sizeBytes > compressedBytes * MAX_ZIP_RATIO) return bad("zip-bomb");
  const fileName = path.slice(path.lastIndexOf("/") + 1).normalize("NFC");
  return ok({ entry: { path, fileName, deflated: method === DEFLATED, crc32: view.getUint32(at + 16, true), ...sizes }, next });
}

interface Sizes {
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
}

/** 32-bit fields of all ones have their value in the zip64 extra field, in this order. */
function readSizes(view: DataView, at: number, extraAt: number, extraEnd: number): Sizes | undefined {
  const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  if (fields.includes(ALL_ONES_32)) {
    let extra = extraAt;
    while (extra + 4 <= extraEnd && view.getUint16(extra, true) !== ZIP64_EXTRA) extra += 4 + view.getUint16(extra + 2, true);
    if (extra + 4 > extraEnd) return undefined;
    const end = extra + 4 + view.getUint16(extra + 2, true);
    let value = extra + 4;
    if (end > extraEnd) return undefined;
    for (const [i, field] of fields.entries()) {
      if (field !== ALL_ONES_32) continue;
      if (value + 8 > end) return undefined;
      fields[i] = uint64(view, value);
      value += 8;
    }
  }
  const [sizeBytes = Number.NaN, compressedBytes = Number.NaN, offsetBytes = Number.NaN] = fields;
  return Number.isNaN(sizeBytes + compressedBytes + offsetBytes) ? undefined : { sizeBytes, compressedBytes, offsetBytes };
}

/** iPhones write UTF-8 without saying so; what is not UTF-8 is read as Latin-1, which loses no name. */
const decodeName = (bytes: Bytes): string => fromUtf8(bytes) ?? String.fromCharCode(...bytes.subarray(0, ALL_ONES_16));

function isSafePath(path: string): boolean {
  if (path === "" || path.length > 1024 || path.startsWith("/") || /[\\\p{Cc}]|^[A-Za-z]:/u.test(path)) return false;
  const parts = (path.endsWith("/") ? path.slice(0, -1) : path).split("/");
  return parts.every((part) => part !== "" && part !== "." && part !== "..");
}

/** What only all entries together show: the sum of sizes, double names, overlaps (many entries sharing one bomb). */
function checkTogether(entries: readonly ZipEntry[], directoryAt: number): ImportError | undefined {
  const names = new Set<string>();
  let total = 0;
  for (const { fileName, path, sizeBytes, offsetBytes } of entries) {
    total += sizeBytes;
    if (total > MAX_ZIP_TOTAL_BYTES) return atOffset("zip-bomb", offsetBytes);
    if (path.startsWith("__MACOSX/")) continue;
    if (names.has(fileName)) return atOffset("duplicate-entry", offsetBytes);
    names.add(fileName);
  }
  let free = 0;
  for (const entry of [...entries].sort((a, b) => a.offsetBytes - b.offsetBytes)) {
    if (entry.offsetBytes < free) return atOffset("overlapping-entries", entry.offsetBytes);
    free = entry.offsetBytes + LOCAL_HEADER_BYTES + entry.compressedBytes;
    if (free > directoryAt) return atOffset("malformed-zip", entry.offsetBytes);
  }
  return undefined;
}
