/** The port `Primitives` against official vectors, for every implementation, and all implementations against each other. */
import { fromHex, must, type Primitives, toHex, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { purePrimitives } from "./pure-primitives.ts";

const bytes = (hex: string): Uint8Array =>
  must(fromHex(hex) === undefined ? { ok: false, error: hex } : { ok: true, value: fromHex(hex)! });

function vectors<T>(name: string): T[] {
  const { tests } = JSON.parse(readFileSync(new URL(`../../../vectors/${name}.json`, import.meta.url), "utf8")) as { tests: T[] };
  expect(tests.length).toBeGreaterThan(0);
  return tests;
}

const implementations: [string, Primitives][] = [
  ["pure", purePrimitives],
  ["node", nodePrimitives],
];

describe.each(implementations)("%s primitives", (_name, primitives) => {
  test("RFC 7748: X25519", () => {
    for (const v of vectors<{ secretKey: string; publicKey: string; shared: string }>("rfc7748-x25519")) {
      expect(toHex(primitives.x25519(bytes(v.secretKey), bytes(v.publicKey))!)).toBe(v.shared);
    }
    expect(toHex(primitives.x25519PublicKey(bytes("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")))).toBe(
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    );
  });

  test("Wycheproof: X25519 with special public keys", () => {
    for (const v of vectors<{ tcId: number; secretKey: string; publicKey: string; shared: string | null }>("wycheproof-x25519")) {
      const shared = primitives.x25519(bytes(v.secretKey), bytes(v.publicKey));
      expect(shared === undefined ? null : toHex(shared), `tcId ${v.tcId}`).toBe(v.shared);
    }
  });

  test("RFC 8032: Ed25519 keys, signatures, verification", () => {
    for (const v of vectors<{ seed: string; publicKey: string; message: string; signature: string }>("rfc8032-ed25519")) {
      const message = bytes(v.message);
      expect(toHex(primitives.ed25519PublicKey(bytes(v.seed)))).toBe(v.publicKey);
      expect(toHex(primitives.ed25519Sign(bytes(v.seed), message))).toBe(v.signature);
      expect(primitives.ed25519Verify(bytes(v.publicKey), message, bytes(v.signature))).toBe(true);
      expect(primitives.ed25519Verify(bytes(v.publicKey), new Uint8Array([...message, 0]), bytes(v.signature))).toBe(false);
    }
  });

  test("Wycheproof: Ed25519 signatures that must be refused", () => {
    for (const v of vectors<{ tcId: number; publicKey: string; message: string; signature: string; valid: boolean }>(
      "wycheproof-ed25519",
    )) {
      expect(primitives.ed25519Verify(bytes(v.publicKey), bytes(v.message), bytes(v.signature)), `tcId ${v.tcId}`).toBe(v.valid);
    }
  });

  test("Ed25519 keys of small order and second encodings are refused", () => {
    const torsion = ed25519.Point.fromBytes(bytes("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"));
    // R = identity, S = 0 fits every message under a key of small order when k·A vanishes: try enough messages.
    for (let i = 0; i < 8; i++) {
      const key = (i === 0 ? ed25519.Point.ZERO : torsion.multiplyUnsafe(BigInt(i))).toBytes();
      for (let m = 0; m < 16; m++) {
        const signature = new Uint8Array(64);
        signature[0] = 1;
        expect(primitives.ed25519Verify(key, Uint8Array.of(m), signature)).toBe(false);
      }
    }
    const one = bytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    expect(primitives.ed25519Verify(one, utf8("x"), new Uint8Array(64).fill(1, 0, 1))).toBe(false);
  });

  test("Ed25519 verification has no cofactor: a signature off by a torsion point is refused", () => {
    const seed = new Uint8Array(32).fill(7);
    const torsion = ed25519.Point.fromBytes(bytes("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"));
    const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
    const mixed = ed25519.Point.BASE.multiply(scalar).add(torsion).toBytes();
    let disagreements = 0;
    for (let m = 0; m < 32; m++) {
      const message = Uint8Array.of(m);
      const nonce = 12345n + BigInt(m);
      const commitment = ed25519.Point.BASE.multiply(nonce).toBytes();
      const hash = purePrimitives.sha512(new Uint8Array([...commitment, ...mixed, ...message]));
      const challenge = hash.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n) % ed25519.Point.Fn.ORDER;
      let rest = (nonce + challenge * scalar) % ed25519.Point.Fn.ORDER;
      const signature = new Uint8Array([
        ...commitment,
        ...Array.from({ length: 32 }, () => {
          const byte = Number(rest & 255n);
          rest >>= 8n;
          return byte;
        }),
      ]);
      const verdict = primitives.ed25519Verify(mixed, message, signature);
      // Exact only when the challenge cancels the torsion part.
      expect(verdict).toBe(challenge % 8n === 0n);
      if (!verdict && ed25519.verify(signature, message, mixed, { zip215: false })) disagreements++;
    }
    // The test bites: noble's own verification would have accepted these.
    expect(disagreements).toBeGreaterThan(0);
  });

  test("RFC 5869: HKDF-SHA256", () => {
    for (const v of vectors<{ ikm: string; salt: string; info: string; length: number; okm: string }>("rfc5869-hkdf-sha256")) {
      expect(toHex(primitives.hkdfSha256(bytes(v.ikm), bytes(v.salt), bytes(v.info), v.length))).toBe(v.okm);
    }
  });

  test("RFC 4231: HMAC-SHA256", () => {
    expect(toHex(primitives.hmacSha256(new Uint8Array(20).fill(0x0b), utf8("Hi There")))).toBe(
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    );
    expect(
      toHex(primitives.hmacSha256(new Uint8Array(131).fill(0xaa), utf8("Test Using Larger Than Block-Size Key - Hash Key First"))),
    ).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  });

  test("FIPS 180-4: SHA-256 and SHA-512", () => {
    expect(toHex(primitives.sha256(utf8("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(toHex(primitives.sha512(utf8("abc")))).toBe(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
  });

  test("NIST CAVP: AES-256-CBC", () => {
    for (const v of vectors<{ key: string; iv: string; plaintext: string; ciphertext: string }>("nist-aes256-cbc")) {
      const ciphertext = primitives.aes256CbcEncrypt(bytes(v.key), bytes(v.iv), bytes(v.plaintext));
      // The port always pads: one block more than the vector has.
      expect(toHex(ciphertext).slice(0, v.ciphertext.length)).toBe(v.ciphertext);
      expect(ciphertext.length).toBe(v.ciphertext.length / 2 + 16);
      expect(toHex(primitives.aes256CbcDecrypt(bytes(v.key), bytes(v.iv), ciphertext)!)).toBe(v.plaintext);
    }
  });

  test("Wycheproof: wrong CBC paddings are refused", () => {
    for (const v of vectors<{ tcId: number; key: string; iv: string; ciphertext: string }>("wycheproof-aes256-cbc-pkcs7")) {
      expect(primitives.aes256CbcDecrypt(bytes(v.key), bytes(v.iv), bytes(v.ciphertext)), `tcId ${v.tcId}`).toBeUndefined();
    }
    for (const size of [0, 15, 17])
      expect(primitives.aes256CbcDecrypt(new Uint8Array(32), new Uint8Array(16), new Uint8Array(size))).toBeUndefined();
  });

  test("NIST CAVP: AES-256-GCM", () => {
    for (const v of vectors<{
      key: string;
      nonce: string;
      associatedData: string;
      ciphertext: string;
      plaintext: string | null;
      valid: boolean;
    }>("nist-aes256-gcm")) {
      const [key, nonce, data] = [bytes(v.key), bytes(v.nonce), bytes(v.associatedData)];
      const opened = primitives.aes256GcmOpen(key, nonce, bytes(v.ciphertext), data);
      expect(opened === undefined ? null : toHex(opened)).toBe(v.valid ? v.plaintext : null);
      if (v.valid) expect(toHex(primitives.aes256GcmSeal(key, nonce, bytes(v.plaintext!), data))).toBe(v.ciphertext);
    }
    expect(primitives.aes256GcmOpen(new Uint8Array(32), new Uint8Array(12), new Uint8Array(15), new Uint8Array(0))).toBeUndefined();
  });

  test("Wycheproof: ML-KEM-1024 key generation and decapsulation", () => {
    for (const v of vectors<{ seed: string; publicKeyStart: string; ciphertext: string; sharedSecret: string }>("wycheproof-ml-kem-1024")) {
      const { publicKey, secretKey } = primitives.mlKem1024Keys(bytes(v.seed));
      expect(toHex(publicKey.slice(0, 32))).toBe(v.publicKeyStart);
      expect(toHex(primitives.mlKem1024Decapsulate(secretKey, bytes(v.ciphertext))!)).toBe(v.sharedSecret);
    }
  });

  test("ML-KEM-1024 refuses keys and ciphertexts of wrong size or form (FIPS 203 §7.2, §7.3)", () => {
    const { publicKey, secretKey } = primitives.mlKem1024Keys(new Uint8Array(64).fill(3));
    expect([publicKey.length, secretKey.length]).toEqual([1568, 3168]);
    const outOfRange = publicKey.slice();
    outOfRange.fill(0xff, 0, 3);
    const entropy = new Uint8Array(32);
    expect(primitives.mlKem1024Encapsulate(outOfRange, entropy)).toBeUndefined();
    expect(primitives.mlKem1024Encapsulate(publicKey.slice(1), entropy)).toBeUndefined();
    expect(primitives.mlKem1024Decapsulate(secretKey, new Uint8Array(1567))).toBeUndefined();
    expect(primitives.mlKem1024Decapsulate(secretKey.slice(1), new Uint8Array(1568))).toBeUndefined();
    const damaged = secretKey.slice();
    damaged[1536 + 5]! ^= 1;
    expect(primitives.mlKem1024Decapsulate(damaged, new Uint8Array(1568))).toBeUndefined();
  });

  test("results are plain arrays that own their bytes", () => {
    const hash = primitives.sha256(utf8("a"));
    expect(Object.getPrototypeOf(hash)).toBe(Uint8Array.prototype);
    const copy = hash.slice();
    hash.fill(0);
    expect(copy).not.toEqual(hash);
  });
});

describe("pure and native primitives give the same bytes", () => {
  const blob = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max });
  const both = (run: (primitives: Primitives) => unknown): void => expect(run(nodePrimitives)).toEqual(run(purePrimitives));

  it("for hashes, MACs and ciphers of any size", () => {
    fc.assert(
      fc.property(blob(32), blob(16), blob(0, 3000), blob(0, 100), (key, iv, data, extra) => {
        both((p) => [p.sha256(data), p.sha512(data), p.hmacSha256(extra, data), p.hkdfSha256(data, extra, iv, 100)]);
        both((p) => [p.aes256GcmSeal(key, iv.slice(0, 12), data, extra), p.aes256CbcEncrypt(key, iv, data)]);
        both((p) => [p.aes256CbcDecrypt(key, iv, data), p.aes256GcmOpen(key, iv.slice(0, 12), data, extra)]);
      }),
      { numRuns: 200 },
    );
  });

  it("for key agreement and signatures", () => {
    fc.assert(
      fc.property(blob(32), blob(32), blob(0, 300), (a, b, message) => {
        both((p) => [p.x25519PublicKey(a), p.x25519(a, b), p.ed25519PublicKey(a), p.ed25519Sign(a, message)]);
        both((p) => p.ed25519Verify(b, message, p.ed25519Sign(a, message)));
      }),
      { numRuns: 60 },
    );
  });

  it("for ML-KEM-1024, implicit rejection included", () => {
    fc.assert(
      fc.property(blob(64), blob(32), fc.nat(1567), (seed, entropy, flipped) => {
        both((p) => p.mlKem1024Keys(seed));
        const { publicKey, secretKey } = purePrimitives.mlKem1024Keys(seed);
        both((p) => p.mlKem1024Encapsulate(publicKey, entropy));
        const { ciphertext, sharedSecret } = purePrimitives.mlKem1024Encapsulate(publicKey, entropy)!;
        expect(nodePrimitives.mlKem1024Decapsulate(secretKey, ciphertext)).toEqual(sharedSecret);
        ciphertext[flipped]! ^= 1;
        both((p) => p.mlKem1024Decapsulate(secretKey, ciphertext));
        expect(purePrimitives.mlKem1024Decapsulate(secretKey, ciphertext)).not.toEqual(sharedSecret);
      }),
      { numRuns: 25 },
    );
  });
});
