/**
 * The few operations of WebCrypto that the HPKE library uses (HMAC and HKDF with SHA-256, X25519), answered at once. Node answers them from a pool
 * of threads, in whatever order those finish; a simulated world needs the same order each time. Same bytes as WebCrypto, tested.
 */
import { createHmac, createPrivateKey, createPublicKey, diffieHellman, hkdfSync, type JsonWebKey, type KeyObject } from "node:crypto";

type Key = { readonly secret: Uint8Array } | { readonly curve: KeyObject };
type Source = ArrayBuffer | Uint8Array;

const bytesOf = (data: Source): Uint8Array => (data instanceof Uint8Array ? data : new Uint8Array(data));
const bufferOf = (data: Uint8Array): ArrayBuffer => new Uint8Array(data).buffer;

function importX25519(format: string, key: Source | JsonWebKey): KeyObject {
  if (format === "pkcs8") return createPrivateKey({ key: Buffer.from(bytesOf(key as Source)), format: "der", type: "pkcs8" });
  const jwk =
    format === "jwk" ? (key as JsonWebKey) : { kty: "OKP", crv: "X25519", x: Buffer.from(bytesOf(key as Source)).toString("base64url") };
  return jwk.d === undefined ? createPublicKey({ key: jwk, format: "jwk" }) : createPrivateKey({ key: jwk, format: "jwk" });
}

function curveOf(key: Key): KeyObject {
  if ("curve" in key) return key.curve;
  throw new TypeError("not a key of a curve");
}

function secretOf(key: Key): Uint8Array {
  if ("secret" in key) return key.secret;
  throw new TypeError("not a secret");
}

type Derivation = { readonly public: Key } | { readonly salt: Source; readonly info: Source };

/** Promises as WebCrypto has them, settled already. */
export const syncSubtle = {
  importKey: async (format: string, key: Source | JsonWebKey, algorithm: string | { readonly name: string }): Promise<Key> => {
    const name = typeof algorithm === "string" ? algorithm : algorithm.name;
    if (name === "HMAC" || name === "HKDF") return { secret: bytesOf(key as Source).slice() };
    if (name === "X25519") return { curve: importX25519(format, key) };
    throw new TypeError(`not offered here: ${name}`);
  },
  exportKey: async (format: string, key: Key): Promise<JsonWebKey | ArrayBuffer> => {
    const jwk = curveOf(key).export({ format: "jwk" });
    return format === "jwk" ? jwk : bufferOf(Buffer.from(jwk.x ?? "", "base64url"));
  },
  deriveBits: async (algorithm: Derivation, key: Key, sizeBits: number): Promise<ArrayBuffer> =>
    "public" in algorithm
      ? bufferOf(diffieHellman({ privateKey: curveOf(key), publicKey: curveOf(algorithm.public) }))
      : hkdfSync("sha256", secretOf(key), bytesOf(algorithm.salt), bytesOf(algorithm.info), sizeBits / 8),
  sign: async (_algorithm: unknown, key: Key, data: Source): Promise<ArrayBuffer> => {
    return bufferOf(createHmac("sha256", secretOf(key)).update(bytesOf(data)).digest());
  },
};

/** For the rest of this process; the result undoes it. */
export function installSyncSubtle(): () => void {
  const { crypto } = globalThis;
  Object.defineProperty(crypto, "subtle", { configurable: true, value: syncSubtle });
  return () => void Reflect.deleteProperty(crypto, "subtle");
}
