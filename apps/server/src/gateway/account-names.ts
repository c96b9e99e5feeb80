/** Account ids as text from their bytes, cached: the hot path sees the same few thousand again and again. */
import { accountIdFromBytes, type AccountId, ACCOUNT_ID_SIZE_BYTES, type Bytes } from "@hawser/base";
import { MAX_CACHED_ACCOUNT_NAMES } from "./gateway-limits.ts";

export class AccountNames {
  #names = new Map<string, AccountId>();

  /** `bytes` are the 20 bytes of an account id. */
  of(bytes: Bytes): AccountId {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, ACCOUNT_ID_SIZE_BYTES).toString("latin1");
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = accountIdFromBytes(bytes);
    // Starting anew is cheaper than keeping an order of use for something that costs microseconds to make.
    if (this.#names.size >= MAX_CACHED_ACCOUNT_NAMES) this.#names = new Map();
    this.#names.set(key, name);
    return name;
  }
}
