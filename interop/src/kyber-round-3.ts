/**
 * Kyber-1024 as submitted to round 3 of NIST's competition, on top of FIPS 203's ML-KEM-1024. The lattice part is the same;
 * round 3 hashes the message before use and derives the secret from K̄ ‖ H(ciphertext). Source: the Kyber specification,
 * version 3.02, algorithms 8 and 9. (Implicit rejection differs too; both sides then hold unequal random secrets.)
 */
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { type Bytes, concat, type Primitives } from "../../packages/base/src/index.ts";
import type { Kem } from "../../packages/crypto/src/pair/profile.ts";

const SECRET_SIZE_BYTES = 32;

const derive = (preKey: Bytes, ciphertext: Bytes): Bytes => shake256(concat(preKey, sha3_256(ciphertext)), { dkLen: SECRET_SIZE_BYTES });

export const kyberRound3 = (primitives: Primitives): Kem => ({
  keys(seed) {
    return primitives.mlKem1024Keys(seed);
  },
  encapsulate(publicKey, entropy) {
    const encapsulated = primitives.mlKem1024Encapsulate(publicKey, sha3_256(entropy));
    if (encapsulated === undefined) return undefined;
    return { ciphertext: encapsulated.ciphertext, sharedSecret: derive(encapsulated.sharedSecret, encapsulated.ciphertext) };
  },
  decapsulate(secretKey, ciphertext) {
    const preKey = primitives.mlKem1024Decapsulate(secretKey, ciphertext);
    return preKey === undefined ? undefined : derive(preKey, ciphertext);
  },
});
