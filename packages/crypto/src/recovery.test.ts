/** Recovery codes and capsules, safety numbers, and the class that keeps secrets out of logs. */
import { must, type Random } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { argon2id } from "@noble/hashes/argon2.js";
import { argon2id as wasmArgon2id } from "hash-wasm";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { purePrimitives } from "./pure-primitives.ts";
import { newRecoveryCode, openRecoveryCapsule, parseRecoveryCode, type RecoveryKdf, sealRecoveryCapsule } from "./recovery.ts";
import { safetyNumber } from "./safety-number.ts";
import { SecretBytes } from "./secret-bytes.ts";

let counter = 0;
const random: Random = {
  bytes: (size) => nodePrimitives.hkdfSha256(Uint8Array.of(counter++ & 255), new Uint8Array(0), new Uint8Array(0), size),
};
const secrets = { accountSeed: new Uint8Array(32).fill(1), stateKey: new Uint8Array(32).fill(2) };
/** Fast stand-in for the slow hash where the hash itself is not the subject. */
const quickKdf: RecoveryKdf = async (code, salt) => nodePrimitives.hmacSha256(salt, code);

describe("recovery codes", () => {
  test("are eight groups of four, and are read as people type them", () => {
    const code = newRecoveryCode(purePrimitives, random);
    expect(code).toMatch(/^([A-Z2-7]{4}-){7}[A-Z2-7]{4}$/);
    const bytes = parseRecoveryCode(purePrimitives, code)!;
    expect(parseRecoveryCode(purePrimitives, code.toLowerCase().replaceAll("-", " "))).toEqual(bytes);
    expect(parseRecoveryCode(purePrimitives, ` ${code.replaceAll("O", "0").replaceAll("L", "1").replaceAll("B", "8")}\n`)).toEqual(bytes);
  });

  test("tell a typing error in nearly all cases", () => {
    const code = newRecoveryCode(purePrimitives, random);
    let missed = 0;
    for (let at = 0; at < code.length; at++) {
      if (code[at] === "-") continue;
      for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") {
        if (letter !== code[at] && parseRecoveryCode(purePrimitives, code.slice(0, at) + letter + code.slice(at + 1)) !== undefined)
          missed++;
      }
    }
    // 992 single errors against ten bits: about one gets through.
    expect(missed).toBeLessThan(8);
    for (const wrong of ["", "ABCD", `${code}A`, code.slice(1), "!".repeat(39)])
      expect(parseRecoveryCode(purePrimitives, wrong)).toBeUndefined();
  });
});

describe("recovery capsules", () => {
  test("open with their code only, through Argon2id with 64 MiB", async () => {
    const code = newRecoveryCode(nodePrimitives, random);
    const capsule = await sealRecoveryCapsule(nodePrimitives, code, secrets, { random });
    expect(must(await openRecoveryCapsule(nodePrimitives, code.toLowerCase(), capsule))).toEqual(secrets);
  });

  test("refuse wrong codes and changed capsules, each with its own error", async () => {
    const [code, other] = [newRecoveryCode(nodePrimitives, random), newRecoveryCode(nodePrimitives, random)];
    const capsule = await sealRecoveryCapsule(nodePrimitives, code, secrets, { random, kdf: quickKdf });
    const attempt = async (withCode: string, bytes: Uint8Array) => {
      const result = await openRecoveryCapsule(nodePrimitives, withCode, bytes, { kdf: quickKdf });
      return result.ok ? "ok" : result.error.kind;
    };
    expect(await attempt(code, capsule)).toBe("ok");
    expect(await attempt(other, capsule)).toBe("wrong-code");
    expect(await attempt("ABCD", capsule)).toBe("bad-code");
    expect(await attempt(code, capsule.slice(0, -1))).toBe("malformed-capsule");
    expect(await attempt(code, new Uint8Array(0))).toBe("malformed-capsule");
    for (let at = 0; at < capsule.length; at += 5) {
      const changed = capsule.slice();
      changed[at]! ^= 0x40;
      expect(await attempt(code, changed)).toBe(at === 0 ? "unsupported-version" : "wrong-code");
    }
  });

  test("hash-wasm's Argon2id agrees with noble's", async () => {
    const [password, salt] = [new Uint8Array(20).fill(5), new Uint8Array(16).fill(6)];
    const wasm = await wasmArgon2id({
      password,
      salt,
      iterations: 2,
      memorySize: 256,
      parallelism: 1,
      hashLength: 32,
      outputType: "binary",
    });
    expect(wasm).toEqual(argon2id(password, salt, { t: 2, m: 256, p: 1 }));
  });
});

describe("safety numbers", () => {
  const [a, b, c] = [1, 2, 3].map((byte) => purePrimitives.ed25519PublicKey(new Uint8Array(32).fill(byte))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  test("are sixty digits, the same on both sides, and different for other keys", () => {
    const number = safetyNumber(purePrimitives, a, b);
    expect(number.digits).toMatch(/^\d{60}$/);
    expect(number.qr.length).toBe(65);
    expect(safetyNumber(nodePrimitives, b, a)).toEqual(number);
    expect(safetyNumber(nodePrimitives, a, c).digits).not.toBe(number.digits);
  });
});

describe("SecretBytes", () => {
  test("shows itself nowhere", () => {
    const secret = new SecretBytes(Uint8Array.of(222, 173, 190, 239));
    for (const text of [String(secret), `${secret}`, inspect(secret), inspect({ nested: secret }, { depth: 5, showHidden: true })]) {
      expect(text).not.toMatch(/222|173|dead/);
    }
    expect(() => JSON.stringify({ secret })).toThrow("must not be serialised");
    expect(Object.keys(secret)).toEqual([]);
  });

  test("wipes its bytes and is of no use afterwards", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const secret = new SecretBytes(bytes);
    expect(secret.use((lent) => lent[1])).toBe(2);
    secret.wipe();
    secret.wipe();
    expect(bytes).toEqual(new Uint8Array(3));
    expect(secret.wiped).toBe(true);
    expect(() => secret.use(() => 0)).toThrow("wiped");
  });
});
