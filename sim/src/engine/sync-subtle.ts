/**
 * The few operations of WebCrypto that the HPKE library uses (HMAC-SHA-256 for its HKDF), answered at once. Node answers them from a
 * pool of threads, in whatever order those finish; a simulated world needs the same order each time. Same bytes, tested.
 */
import { createHmac } from "node:crypto";

interface RawKey {
  readonly raw: Uint8Array;
}

const bytesOf = (data: ArrayBuffer | Uint8Array): Uint8Array => (data instanceof Uint8Array ? data : new Uint8Array(data));

export const syncSubtle = {
  importKey(format: string, key: ArrayBuffer | Uint8Array, algorithm: { name?: string; hash?: unknown }): Promise<RawKey> {
    if (format !== "raw" || algorithm.name !== "HMAC") return Promise.reject(new Error(`not offered here: ${format} ${algorithm.name ?? ""}`));
    return Promise.resolve({ raw: bytesOf(key).slice() });
  },
  sign(_algorithm: unknown, key: RawKey, data: ArrayBuffer | Uint8Array): Promise<ArrayBuffer> {
    return Promise.resolve(new Uint8Array(createHmac("sha256", key.raw).update(bytesOf(data)).digest()).buffer);
  },
};

/** For the rest of this process; the result undoes it. */
export function installSyncSubtle(): () => void {
  const { crypto } = globalThis;
  Object.defineProperty(crypto, "subtle", { configurable: true, value: syncSubtle });
  return () => void Reflect.deleteProperty(crypto, "subtle");
}
