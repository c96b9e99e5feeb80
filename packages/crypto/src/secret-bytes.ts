/**
 * Secret key material that must not end in a log, an error or a stored JSON. Invariants: no conversion to text or JSON
 * shows it; `wipe` overwrites this copy, and any later use is a programmer's fault. (JavaScript cannot promise that the
 * engine kept no other copy: docs/THREAT-MODEL.md.)
 */
import { assert, type Bytes } from "@hawser/base";

const REDACTED = "[secret]";

export class SecretBytes {
  #bytes: Bytes | undefined;

  /** Takes the array over: the caller must not keep it. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get wiped(): boolean {
    return this.#bytes === undefined;
  }

  /** Lends the bytes to `body`, which must not keep them. */
  use<T>(body: (bytes: Bytes) => T): T {
    assert(this.#bytes !== undefined, "a wiped secret was used");
    return body(this.#bytes);
  }

  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return REDACTED;
  }

  /** `JSON.stringify` of a secret is a fault, not a redaction: a stored "[secret]" would lose the key silently. */
  toJSON(): never {
    assert(false, "a secret must not be serialised");
    throw new Error(REDACTED);
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  /** What Node's `console.log` prints. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}
