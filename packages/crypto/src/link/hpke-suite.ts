/** The one HPKE suite of linking (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305. */
import type { Bytes } from "@hawser/base";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

export const suite = (): CipherSuite =>
  new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });

/** A copy that owns its buffer, which is what the HPKE library reads. */
export const exact = (bytes: Bytes): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
