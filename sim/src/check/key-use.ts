/**
 * Which key and nonce made which ciphertext. Two ciphertexts of one key and nonce are harmless as long as a server stores
 * only one of them: a transaction that was rolled back may be repeated, a frame may be written into a dead connection or be refused. Both
 * stored break the rule.
 */
import type { Bytes, Primitives } from "@hawser/base";
import type { Violations } from "./violation.ts";

const PREFIX_SIZE_BYTES = 16;

const text = (bytes: Bytes): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

interface Made {
  readonly keyAndNonce: string;
  readonly ciphertext: string;
}

export class KeyUse {
  readonly #made = new Map<string, Made[]>();
  readonly #stored = new Map<string, string>();
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** The same primitives, watched. */
  watch(primitives: Primitives): Primitives {
    return {
      ...primitives,
      aes256GcmSeal: (key, nonce, plaintext, associatedData) => {
        const ciphertext = primitives.aes256GcmSeal(key, nonce, plaintext, associatedData);
        this.#note(`gcm ${text(key)}${text(nonce)}`, ciphertext);
        return ciphertext;
      },
      aes256CbcEncrypt: (key, iv, plaintext) => {
        const ciphertext = primitives.aes256CbcEncrypt(key, iv, plaintext);
        this.#note(`cbc ${text(key)}${text(iv)}`, ciphertext);
        return ciphertext;
      },
    };
  }

  #note(keyAndNonce: string, ciphertext: Bytes): void {
    const prefix = text(ciphertext.subarray(0, PREFIX_SIZE_BYTES));
    const made = this.#made.get(prefix);
    const entry = { keyAndNonce, ciphertext: text(ciphertext) };
    if (made === undefined) this.#made.set(prefix, [entry]);
    else if (!made.some((other) => other.ciphertext === entry.ciphertext)) made.push(entry);
  }

  /** A server has stored something of a device; whatever ciphertexts stand in it. */
  stored(bytes: Bytes, device: string): void {
    const whole = text(bytes);
    for (let at = 0; at + PREFIX_SIZE_BYTES <= whole.length; at++) {
      const made = this.#made.get(whole.slice(at, at + PREFIX_SIZE_BYTES));
      if (made === undefined) continue;
      for (const { keyAndNonce, ciphertext } of made) {
        if (!whole.startsWith(ciphertext, at)) continue;
        const before = this.#stored.get(keyAndNonce);
        if (before !== undefined && before !== ciphertext) {
          this.#violations.add(
            "no key and nonce twice",
            `${device} had two ciphertexts stored of one ${keyAndNonce.slice(0, 3)} key and nonce`,
          );
        }
        this.#stored.set(keyAndNonce, ciphertext);
        // Nothing else begins inside a ciphertext.
        at += ciphertext.length - 1;
        break;
      }
    }
  }
}
