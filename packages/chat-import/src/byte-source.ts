/** Random access to a file: a browser's `File.slice`, a Node file handle, an array. */
import { type Bytes, err, ok, type Result } from "@hawser/base";
import { atOffset, type ImportError } from "./import-error.ts";

export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * Bytes `offset` … `offset + length`, all inside the file; the caller owns the array. Fewer bytes mean that the file
   * shrank (`source-changed`). Rejects only when the platform fails.
   */
  read(offset: number, length: number): Promise<Bytes>;
}

export function sourceOfBytes(bytes: Bytes): ByteSource {
  return { sizeBytes: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
}

/** Reads exactly `length` bytes; the caller has checked that they lie inside the file. */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Result<Bytes, ImportError>> {
  const bytes = length === 0 ? new Uint8Array(0) : await source.read(offset, length);
  return bytes.length === length ? ok(bytes) : err(atOffset("source-changed", offset));
}
