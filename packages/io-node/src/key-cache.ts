/**
 * Turning 32 bytes into an OpenSSL key costs more than the X25519 that follows. The last few keys are kept, because a ratchet
 * uses each key again a moment later. Bounded and overwritten on eviction; found by content, since records are re-read.
 */
import type { Bytes } from "@hawser/base";
import type { KeyObject } from "node:crypto";

const MAX_CACHED_KEYS = 16;

interface Entry<Type> {
  readonly type: Type;
  readonly bytes: Bytes;
  readonly key: KeyObject;
}

export class KeyCache<Type extends string> {
  readonly #create: (type: Type, bytes: Bytes) => KeyObject;
  /** Most recently used first. */
  readonly #entries: Entry<Type>[] = [];

  constructor(create: (type: Type, bytes: Bytes) => KeyObject) {
    this.#create = create;
  }

  /** Throws what OpenSSL throws for malformed keys; those are not kept. */
  get(type: Type, bytes: Bytes): KeyObject {
    const index = this.#entries.findIndex((entry) => entry.type === type && sameKey(entry.bytes, bytes));
    if (index >= 0) {
      const [entry] = this.#entries.splice(index, 1);
      this.#entries.unshift(entry!);
      return entry!.key;
    }
    const key = this.#create(type, bytes);
    this.#entries.unshift({ type, bytes: bytes.slice(), key });
    this.#entries.splice(MAX_CACHED_KEYS).forEach((entry) => entry.bytes.fill(0));
    return key;
  }
}

/** Looks at every byte of equally long keys, so that timing does not tell how much of a secret was guessed. */
function sameKey(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
