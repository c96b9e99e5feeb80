/**
 * A history chunk on its way: serialized, compressed (raw DEFLATE, RFC 1951), encrypted under a key of its own, and named by
 * the SHA-256 of the ciphertext. Invariant: what `openChunk` returns is byte for byte what `sealChunk` was given, or nothing.
 * docs/PROTOCOL.md, "History".
 */
import { type BlobId, type Bytes, concat, err, ok, type Primitives, type Random, type Result, toHex } from "@hawser/base";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { blobIdOf, openStream, sealStream } from "@hawser/crypto";
import { type HistoryChunk, HistoryChunkSchema } from "@hawser/wire";
import { deflateSync, inflateSync } from "fflate";
import { MAX_CHUNK_BYTES } from "./bounds.ts";

/** Native compression where the platform has it; same format. */
export interface Compression {
  deflateRaw(bytes: Bytes): Bytes;
  /** Unpacks to exactly `sizeBytes`; `undefined` when the input is damaged or unpacks to anything else. */
  inflateRaw(bytes: Bytes, sizeBytes: number): Bytes | undefined;
}

export const pureCompression: Compression = {
  deflateRaw: (bytes) => deflateSync(bytes, { level: 4 }),
  inflateRaw(bytes, sizeBytes) {
    // One byte of slack shows a stream that unpacks to more than it said.
    const out = new Uint8Array(sizeBytes + 1);
    try {
      const unpacked = inflateSync(bytes, { out });
      return unpacked.length === sizeBytes ? unpacked : undefined;
    } catch {
      return undefined;
    }
  },
};

export interface SealedChunk {
  readonly blob: BlobId;
  /** 32 bytes, used for this chunk only. */
  readonly key: Bytes;
  readonly ciphertext: Bytes;
}

export type ChunkError =
  | { readonly kind: "wrong-hash" }
  | { readonly kind: "undecryptable" }
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed" }
  | { readonly kind: "other-job" };

const SIZE_PREFIX_BYTES = 4;

export function sealChunk(chunk: HistoryChunk, primitives: Primitives, compression: Compression, random: Random): SealedChunk {
  const plain = toBinary(HistoryChunkSchema, chunk);
  const size = new Uint8Array(SIZE_PREFIX_BYTES);
  new DataView(size.buffer).setUint32(0, plain.length);
  const { key, sealed, blobId } = sealStream(primitives, concat(size, compression.deflateRaw(plain)), { random });
  return { blob: blobId, key, ciphertext: sealed };
}

export function openChunk(
  ciphertext: Bytes,
  expected: { readonly blob: BlobId; readonly key: Bytes; readonly jobId: string; readonly index: number },
  primitives: Primitives,
  compression: Compression,
): Result<HistoryChunk, ChunkError> {
  if (blobIdOf(primitives, ciphertext) !== expected.blob) return err({ kind: "wrong-hash" });
  const opened = openStream(primitives, expected.key, ciphertext);
  if (!opened.ok) return err({ kind: "undecryptable" });
  const packed = opened.value;
  if (packed.length < SIZE_PREFIX_BYTES) return err({ kind: "malformed" });
  const sizeBytes = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  if (sizeBytes > MAX_CHUNK_BYTES) return err({ kind: "too-large" });
  const plain = compression.inflateRaw(packed.subarray(SIZE_PREFIX_BYTES), sizeBytes);
  if (plain === undefined) return err({ kind: "malformed" });
  const chunk = decodeChunk(plain);
  if (chunk === undefined) return err({ kind: "malformed" });
  if (toHex(chunk.jobId) !== expected.jobId || chunk.index !== expected.index) return err({ kind: "other-job" });
  return ok(chunk);
}

/** Decodes an uncompressed chunk (the inline first screen); `undefined` when malformed. */
export function decodeChunk(bytes: Bytes): HistoryChunk | undefined {
  try {
    return fromBinary(HistoryChunkSchema, bytes);
  } catch {
    return undefined;
  }
}
