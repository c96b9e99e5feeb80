/** Capsules of passkeys: they open with their own passkey, for their own account, unchanged, and in no other way. */
import { type AccountId, accountIdToBytes, concat, must, type Random, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { describe, expect, test } from "vitest";
import { accountIdOf } from "./account/account-id.ts";
import { isPrfOutput, openPasskeyCapsule, passkeyLocator, sealPasskeyCapsule } from "./passkey-recovery.ts";
import { purePrimitives } from "./pure-primitives.ts";
import { openRecoveryCapsule, sealRecoveryCapsule, newRecoveryCode } from "./recovery.ts";

let counter = 0;
const random: Random = {
  bytes: (size) => nodePrimitives.hkdfSha256(Uint8Array.of(counter++ & 255), new Uint8Array(0), new Uint8Array(0), size),
};
const secrets = { accountSeed: new Uint8Array(32).fill(1), stateKey: new Uint8Array(32).fill(2) };
const accountOf = (seed: Uint8Array): AccountId => accountIdOf(nodePrimitives, nodePrimitives.ed25519PublicKey(seed));
const account = accountOf(secrets.accountSeed);
const [prf, otherPrf] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];
const seal = (): Uint8Array => sealPasskeyCapsule(nodePrimitives, prf, secrets, { random });

function attempt(capsule: Uint8Array, { withPrf = prf, of = account } = {}): string {
  const result = openPasskeyCapsule(nodePrimitives, withPrf, of, capsule);
  return result.ok ? "ok" : result.error.kind;
}

describe("a passkey's capsule", () => {
  test("opens with its passkey, whichever primitives do it", () => {
    const capsule = seal();
    expect(capsule).toHaveLength(113);
    expect(must(openPasskeyCapsule(nodePrimitives, prf, account, capsule))).toEqual(secrets);
    expect(must(openPasskeyCapsule(purePrimitives, prf, account, capsule))).toEqual(secrets);
  });

  test("is the one that docs/PROTOCOL.md describes", () => {
    const capsule = seal();
    const label = utf8("hawser passkey capsule v1\0");
    const salt = capsule.slice(1, 33);
    const id = nodePrimitives
      .sha256(concat(utf8("hawser account v1\0"), nodePrimitives.ed25519PublicKey(secrets.accountSeed)))
      .slice(0, 20);
    const key = nodePrimitives.hkdfSha256(prf, salt, concat(label, id), 32);
    const opened = nodePrimitives.aes256GcmOpen(key, new Uint8Array(12), capsule.slice(33), concat(label, Uint8Array.of(2), salt));
    expect(opened).toEqual(concat(secrets.accountSeed, secrets.stateKey));
    const locator = nodePrimitives.hkdfSha256(prf, new Uint8Array(0), utf8("hawser passkey locator v1\0"), 32);
    expect(passkeyLocator(nodePrimitives, prf)).toEqual(locator);
  });

  test("of one passkey is a new one each time, at the same place; of another it is elsewhere", () => {
    expect(seal()).not.toEqual(seal());
    expect(passkeyLocator(nodePrimitives, prf)).not.toEqual(passkeyLocator(nodePrimitives, otherPrf));
    expect(passkeyLocator(nodePrimitives, prf)).not.toEqual(prf);
  });

  test("opens with no other passkey, for no other account, and not when a bit of it was changed", () => {
    const capsule = seal();
    expect(attempt(capsule)).toBe("ok");
    expect(attempt(capsule, { withPrf: otherPrf })).toBe("wrong-passkey");
    expect(attempt(capsule, { of: accountOf(new Uint8Array(32).fill(9)) })).toBe("wrong-passkey");
    for (let bit = 0; bit < capsule.length * 8; bit++) {
      const changed = capsule.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(attempt(changed)).toBe(bit < 8 ? "unsupported-version" : "wrong-passkey");
    }
    for (const cut of [capsule.slice(0, -1), capsule.slice(0, 33), concat(capsule, Uint8Array.of(0)), new Uint8Array(0)])
      expect(attempt(cut)).toBe("malformed-capsule");
  });

  test("holds the key of the account that it says", () => {
    const [salt, label] = [new Uint8Array(32).fill(5), utf8("hawser passkey capsule v1\0")];
    const said = accountOf(new Uint8Array(32).fill(9));
    const key = nodePrimitives.hkdfSha256(prf, salt, concat(label, accountIdToBytes(said)), 32);
    const header = concat(Uint8Array.of(2), salt);
    const plaintext = concat(secrets.accountSeed, secrets.stateKey);
    const sealed = nodePrimitives.aes256GcmSeal(key, new Uint8Array(12), plaintext, concat(label, header));
    expect(attempt(concat(header, sealed), { of: said })).toBe("other-account");
  });

  test("is no code's capsule, and a code's is none of a passkey", async () => {
    const kdf = async (code: Uint8Array, salt: Uint8Array) => nodePrimitives.hmacSha256(salt, code);
    const code = newRecoveryCode(nodePrimitives, random);
    expect(attempt(await sealRecoveryCapsule(nodePrimitives, code, secrets, { random, kdf }))).toBe("unsupported-version");
    const opened = await openRecoveryCapsule(nodePrimitives, code, seal(), { kdf });
    expect(opened.ok ? "ok" : opened.error.kind).toBe("unsupported-version");
  });

  test("nothing but 32 bytes is what an authenticator computes", () => {
    expect([0, 16, 31, 33, 64].map((size) => isPrfOutput(new Uint8Array(size)))).toEqual([false, false, false, false, false]);
    expect(isPrfOutput(prf)).toBe(true);
    expect(() => passkeyLocator(nodePrimitives, new Uint8Array(31))).toThrow("32 bytes");
  });
});
