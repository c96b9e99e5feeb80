/** Decodes a byte stream as strict UTF-8, whatever the chunks' borders; at most three bytes are held back. */
import { type Bytes, concat, err, fromUtf8, ok, type Result } from "@hawser/base";
import { atOffset, type ImportError } from "./import-error.ts";

const NOTHING = new Uint8Array(0);

export class Utf8Stream {
  #carry: Bytes = NOTHING;
  #offset = 0;

  push(chunk: Bytes): Result<string, ImportError> {
    const bytes = this.#carry.length === 0 ? chunk : concat(this.#carry, chunk);
    if (this.#offset === 0) {
      if (bytes.length < 2) {
        this.#carry = bytes.slice();
        return ok("");
      }
      if (looksLikeUtf16(bytes)) return err(atOffset("utf-16", 0));
    }
    const end = bytes.length - unfinishedTail(bytes);
    const text = decode(bytes.subarray(0, end));
    if (text === undefined) return err(atOffset("not-utf8", this.#offset + firstInvalid(bytes)));
    this.#offset += end;
    this.#carry = bytes.slice(end);
    return ok(text);
  }

  /** What is left of a stream of one byte; an error when the stream ends inside a character. */
  finish(): Result<string, ImportError> {
    const text = decode(this.#carry);
    return text === undefined ? err(atOffset("not-utf8", this.#offset)) : ok(text);
  }
}

/** A mark of byte order, or a NUL in one of the first two characters. */
function looksLikeUtf16(bytes: Bytes): boolean {
  const mark = (bytes[0]! << 8) | bytes[1]!;
  return mark === 0xfffe || mark === 0xfeff || bytes[0] === 0 || bytes[1] === 0;
}

/** `fromUtf8` drops a byte order mark in front; in the middle of a stream that is a character like any other. */
function decode(bytes: Bytes): string | undefined {
  const text = fromUtf8(bytes);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked && text !== undefined ? `\ufeff${text}` : text;
}

const sequenceLength = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** Bytes at the end that begin a character whose rest has not come yet. */
function unfinishedTail(bytes: Bytes): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc2 && byte <= 0xf4) return sequenceLength(byte) > back ? back : 0;
    if (byte < 0x80 || byte > 0xbf) return 0;
  }
  return 0;
}

function firstInvalid(bytes: Bytes): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at]!);
    if (length > 1 && fromUtf8(bytes.subarray(at, at + length)) === undefined) return at;
    at += length;
  }
  return at;
}
