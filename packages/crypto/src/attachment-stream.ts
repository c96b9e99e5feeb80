/**
 * Attachments and history chunks: AES-256-GCM in segments of 64 KiB after the STREAM construction (Hoang, Reyhanitabar,
 * Rogaway, Vizár 2015). Nonce = 7 random bytes ‖ segment number ‖ final flag. Invariants: one key per stream; segments can be
 * neither reordered nor dropped nor cut off, and plaintext is only given out segment by segment after its tag fitted.
 * docs/PROTOCOL.md, "Blobs".
 */
import { assert, type BlobId, type Bytes, concat, err, ok, type Primitives, type Random, type Result, toHex, utf8 } from "@hawser/base";

export const SEGMENT_SIZE_BYTES = 64 * 1024;
export const STREAM_KEY_SIZE_BYTES = 32;
const TAG_SIZE_BYTES = 16;
const NONCE_PREFIX_SIZE_BYTES = 7;
const VERSION = 1;
const HEADER_SIZE_BYTES = 1 + NONCE_PREFIX_SIZE_BYTES;
const SEALED_SEGMENT_SIZE_BYTES = SEGMENT_SIZE_BYTES + TAG_SIZE_BYTES;
const MAX_SEGMENTS = 0xffff_ffff;
const ASSOCIATED_DATA = utf8("hawser stream v1\0");

export type StreamError =
  /** Not a stream of a version known here. */
  | { readonly kind: "unsupported-version" }
  /** A segment was changed, moved, or belongs to another key. */
  | { readonly kind: "bad-segment"; readonly segment: number }
  /** The stream ends before its final segment. */
  | { readonly kind: "truncated" };

export interface StreamSealer {
  /** Takes the next plaintext; gives what can be written now, possibly nothing. */
  update(plaintext: Bytes): Bytes;
  /** The final segment. The sealer must not be used again. */
  finish(): Bytes;
}

export interface StreamOpener {
  /** Takes the next ciphertext; gives the plaintext of whole segments. After an error the opener is dead. */
  update(ciphertext: Bytes): Result<Bytes, StreamError>;
  /** The final segment; only now is it known that nothing was cut off. */
  finish(): Result<Bytes, StreamError>;
}

/** Size of the ciphertext for so many bytes of plaintext. */
export function sealedStreamSizeBytes(plaintextSizeBytes: number): number {
  const segments = Math.max(1, Math.ceil(plaintextSizeBytes / SEGMENT_SIZE_BYTES));
  return HEADER_SIZE_BYTES + plaintextSizeBytes + segments * TAG_SIZE_BYTES;
}

/** Seals under `key`, which must be used for this one stream. Draws 7 random bytes. */
export function createStreamSealer(primitives: Primitives, key: Bytes, context: { readonly random: Random }): StreamSealer {
  assert(key.length === STREAM_KEY_SIZE_BYTES, "a stream key has 32 bytes");
  const prefix = context.random.bytes(NONCE_PREFIX_SIZE_BYTES);
  const pending = new SegmentBuffer(SEGMENT_SIZE_BYTES);
  let header: Bytes | undefined = concat(Uint8Array.of(VERSION), prefix);
  let segment = 0;
  let finished = false;
  const sealSegment = (plaintext: Bytes, final: boolean): Bytes =>
    primitives.aes256GcmSeal(key, segmentNonce(prefix, segment++, final), plaintext, ASSOCIATED_DATA);
  const emit = (segments: readonly Bytes[]): Bytes => {
    const out = concat(...(header === undefined ? [] : [header]), ...segments);
    header = undefined;
    return out;
  };
  return {
    update(plaintext) {
      assert(!finished, "the stream is finished");
      return emit(pending.push(plaintext).map((part) => sealSegment(part, false)));
    },
    finish() {
      assert(!finished, "the stream is finished");
      finished = true;
      return emit([sealSegment(pending.rest(), true)]);
    },
  };
}

export function createStreamOpener(primitives: Primitives, key: Bytes): StreamOpener {
  assert(key.length === STREAM_KEY_SIZE_BYTES, "a stream key has 32 bytes");
  const pending = new SegmentBuffer(SEALED_SEGMENT_SIZE_BYTES);
  let header: Bytes = new Uint8Array(0);
  let segment = 0;
  let dead = false;
  const openSegment = (ciphertext: Bytes, final: boolean): Result<Bytes, StreamError> => {
    const nonce = segmentNonce(header.subarray(1), segment, final);
    const plaintext = ciphertext.length < TAG_SIZE_BYTES ? undefined : primitives.aes256GcmOpen(key, nonce, ciphertext, ASSOCIATED_DATA);
    if (plaintext !== undefined) {
      segment++;
      return ok(plaintext);
    }
    dead = true;
    return err(final && ciphertext.length < TAG_SIZE_BYTES ? { kind: "truncated" } : { kind: "bad-segment", segment });
  };
  return {
    update(ciphertext) {
      assert(!dead, "the stream has failed or ended");
      const missing = HEADER_SIZE_BYTES - header.length;
      if (missing > 0) header = concat(header, ciphertext.subarray(0, missing));
      if (header.length > 0 && header[0] !== VERSION) {
        dead = true;
        return err({ kind: "unsupported-version" });
      }
      const opened: Bytes[] = [];
      for (const part of pending.push(ciphertext.subarray(Math.max(0, missing)))) {
        const plaintext = openSegment(part, false);
        if (!plaintext.ok) return plaintext;
        opened.push(plaintext.value);
      }
      return ok(concat(...opened));
    },
    finish() {
      assert(!dead, "the stream has failed or ended");
      if (header.length < HEADER_SIZE_BYTES) {
        dead = true;
        return err({ kind: "truncated" });
      }
      const plaintext = openSegment(pending.rest(), true);
      dead = true;
      return plaintext;
    },
  };
}

/** A whole attachment at once, under a key drawn here, and the id its blob will have. */
export function sealStream(
  primitives: Primitives,
  plaintext: Bytes,
  context: { readonly random: Random },
): { readonly key: Bytes; readonly sealed: Bytes; readonly blobId: BlobId } {
  const key = context.random.bytes(STREAM_KEY_SIZE_BYTES);
  const sealer = createStreamSealer(primitives, key, context);
  const sealed = concat(sealer.update(plaintext), sealer.finish());
  return { key, sealed, blobId: blobIdOf(primitives, sealed) };
}

export function openStream(primitives: Primitives, key: Bytes, sealed: Bytes): Result<Bytes, StreamError> {
  const opener = createStreamOpener(primitives, key);
  const start = opener.update(sealed);
  if (!start.ok) return start;
  const end = opener.finish();
  return end.ok ? ok(concat(start.value, end.value)) : end;
}

/** The SHA-256 of the ciphertext: whoever serves the blob can check it without being able to read it. */
export const blobIdOf = (primitives: Primitives, sealed: Bytes): BlobId => toHex(primitives.sha256(sealed)) as BlobId;

function segmentNonce(prefix: Bytes, segment: number, final: boolean): Bytes {
  assert(segment <= MAX_SEGMENTS, "a stream has too many segments");
  const nonce = new Uint8Array(NONCE_PREFIX_SIZE_BYTES + 5);
  nonce.set(prefix);
  new DataView(nonce.buffer).setUint32(NONCE_PREFIX_SIZE_BYTES, segment);
  nonce[nonce.length - 1] = final ? 1 : 0;
  return nonce;
}

/** Cuts a stream into full segments, always holding the last one back, because it may be the final one. */
class SegmentBuffer {
  readonly #segmentSizeBytes: number;
  readonly #held: Bytes;
  #heldSizeBytes = 0;

  constructor(segmentSizeBytes: number) {
    this.#segmentSizeBytes = segmentSizeBytes;
    this.#held = new Uint8Array(segmentSizeBytes);
  }

  /** The segments that are complete and not last. They are valid until the next call. */
  push(bytes: Bytes): Bytes[] {
    const full: Bytes[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#heldSizeBytes === this.#segmentSizeBytes) {
        full.push(this.#held.slice());
        this.#heldSizeBytes = 0;
      }
      const taken = Math.min(bytes.length - at, this.#segmentSizeBytes - this.#heldSizeBytes);
      this.#held.set(bytes.subarray(at, at + taken), this.#heldSizeBytes);
      this.#heldSizeBytes += taken;
      at += taken;
    }
    return full;
  }

  rest(): Bytes {
    return this.#held.slice(0, this.#heldSizeBytes);
  }
}
