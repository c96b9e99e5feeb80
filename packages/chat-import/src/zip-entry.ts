/**
 * One entry's bytes, a piece at a time. The declared size is a ceiling that is checked before a piece is handed on, and
 * size and CRC-32 must be right at the end; a consumer must not trust what it got before the generator returned.
 */
import { type Bytes, err, ok, type Result } from "@hawser/base";
import { Inflate } from "fflate";
import { type ByteSource, readExactly } from "./byte-source.ts";
import { atOffset, type ImportError } from "./import-error.ts";
import { INFLATE_BYTES, READ_BYTES } from "./limits.ts";
import { LOCAL_HEADER_BYTES, type ZipDirectory, type ZipEntry } from "./zip-directory.ts";

const LOCAL_SIGNATURE = 0x04034b50;
const FLAG_ENCRYPTED = 0x2041;

export type ByteStream = AsyncGenerator<Result<Bytes, ImportError>, void, void>;

/** Pieces of at most 8 MiB; the last result is an error when the entry is damaged. */
export async function* readZipEntry(source: ByteSource, directory: ZipDirectory, entry: ZipEntry): ByteStream {
  const dataAt = await locateData(source, directory, entry);
  if (!dataAt.ok) {
    yield dataAt;
    return;
  }
  const corrupt = err(atOffset("corrupt-entry", entry.offsetBytes));
  const decode = entry.deflated ? inflater() : (piece: Bytes) => [piece];
  let crc = 0;
  let produced = 0;
  for (let read = 0; read < entry.compressedBytes;) {
    const length = Math.min(READ_BYTES, entry.compressedBytes - read);
    const block = await readExactly(source, dataAt.value + read, length);
    if (!block.ok) {
      yield block;
      return;
    }
    read += length;
    for (let at = 0; at < length; at += INFLATE_BYTES) {
      const piece = block.value.subarray(at, at + INFLATE_BYTES);
      const outputs = decode(piece, read === entry.compressedBytes && at + INFLATE_BYTES >= length);
      if (outputs === undefined) {
        yield corrupt;
        return;
      }
      for (const output of outputs) {
        produced += output.length;
        if (produced > entry.sizeBytes) {
          yield err(atOffset("zip-bomb", entry.offsetBytes));
          return;
        }
        crc = crc32(output, crc);
        if (output.length > 0) yield ok(output);
      }
    }
  }
  if (produced !== entry.sizeBytes || crc !== entry.crc32) yield corrupt;
}

/** Checks the local header against the directory; a difference is the mark of a forged or damaged zip. */
async function locateData(source: ByteSource, directory: ZipDirectory, entry: ZipEntry): Promise<Result<number, ImportError>> {
  const header = await readExactly(source, entry.offsetBytes, LOCAL_HEADER_BYTES);
  if (!header.ok) return header;
  const view = new DataView(header.value.buffer, header.value.byteOffset, LOCAL_HEADER_BYTES);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) return err(atOffset("malformed-zip", entry.offsetBytes));
  if ((view.getUint16(6, true) & FLAG_ENCRYPTED) !== 0) return err(atOffset("encrypted-zip", entry.offsetBytes));
  if (view.getUint16(8, true) !== (entry.deflated ? 8 : 0)) return err(atOffset("malformed-zip", entry.offsetBytes));
  const dataAt = entry.offsetBytes + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  return dataAt + entry.compressedBytes <= directory.offsetBytes ? ok(dataAt) : err(atOffset("malformed-zip", entry.offsetBytes));
}

/** Raw DEFLATE (RFC 1951); `undefined` for invalid data. */
function inflater(): (piece: Bytes, last: boolean) => readonly Bytes[] | undefined {
  let outputs: Bytes[] = [];
  const stream = new Inflate((output) => outputs.push(output));
  return (piece, last) => {
    outputs = [];
    try {
      stream.push(piece, last);
    } catch {
      return undefined;
    }
    return outputs;
  };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of ISO 3309, continued from `previous`. */
export function crc32(bytes: Bytes, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
