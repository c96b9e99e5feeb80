/** Invariant: whatever was changed, repeated or sent in another's name is refused with a typed error and changes nothing. */
import { type Bytes, must, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kindOf, openPair, pair, seeded } from "../../test/pair-device.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { MAX_ARCHIVED_SESSIONS, MAX_FORWARD_JUMP } from "./session-state.ts";

describe("refusals", () => {
  test("10,000 changed messages and records: typed error or unchanged meaning, never a throw", () => {
    const [alice, bob] = openPair(5);
    const [carol, dave] = pair(nodePrimitives, 6);
    carol.initiate(dave, 3);
    const first = carol.encrypt(utf8("first"));
    const ordinary = alice.encrypt(utf8("ordinary"));
    const random = seeded(99);
    const mutate = (bytes: Bytes): Bytes => {
      const changed = bytes.slice(0, random.below(4) === 0 ? random.below(bytes.length + 1) : bytes.length);
      const flips = 1 + random.below(3);
      for (let i = 0; i < flips && changed.length > 0; i++) changed[random.below(changed.length)]! ^= 1 << random.below(8);
      return random.below(8) === 0 ? Uint8Array.from([...changed, random.below(256)]) : changed;
    };
    const seen = new Map<string, number>();
    const note = (kind: string): void => void seen.set(kind, (seen.get(kind) ?? 0) + 1);
    const recordBefore = bob.record!.slice();
    for (let i = 0; i < 4_500; i++) note(kindOf(bob.tryDecrypt(alice, mutate(ordinary))));
    for (let i = 0; i < 500; i++) note(kindOf(dave.tryDecrypt(carol, mutate(first))));
    // An even number of flips may restore a byte, but nothing else may get through.
    expect(seen.get("ok") ?? 0).toBeLessThan(5);
    expect([...seen.keys()]).toEqual(expect.arrayContaining(["bad-mac", "malformed-message", "unsupported-version", "identity-mismatch"]));
    expect(bob.record).toEqual(recordBefore);

    for (let i = 0; i < 5_000; i++) {
      const changed = mutate(bob.record!);
      const decoded = decodeRecord(changed);
      // A flipped key is still a record; then it must be encoded back to the same bytes.
      if (decoded.ok) expect(encodeRecord(decoded.value)).toEqual(changed);
      else expect(["malformed-record", "unsupported-version"]).toContain(decoded.error.kind);
    }
    expect(bob.decrypt(alice, ordinary)).toEqual(utf8("ordinary"));
    expect(dave.decrypt(carol, first)).toEqual(utf8("first"));
  });

  test("random bytes are neither a message nor a record", () => {
    const [alice, bob] = openPair(8);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(kindOf(bob.tryDecrypt(alice, bytes))).not.toBe("ok");
        expect(decodeRecord(bytes).ok).toBe(false);
        expect(alice.engine.encrypt(bytes, utf8("x"), alice).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test("trailing bytes after a record", () => {
    const [alice] = openPair();
    expect(decodeRecord(Uint8Array.from([...alice.record!, 0]))).toEqual({
      ok: false,
      error: { kind: "malformed-record", offset: alice.record!.length },
    });
  });

  test("a bundle with a wrong signature, a wrong id, or keys of low order", () => {
    const [alice, bob] = pair();
    const bundle = bob.bundle(4);
    const attempt = (changed: object): string =>
      kindOf(
        alice.engine.initiate(
          { identity: alice.identity, bundle: { ...bundle, ...changed }, localAddress: alice.address, remoteAddress: bob.address },
          alice,
        ),
      );
    expect(attempt({})).toBe("ok");
    expect(attempt({ signedPreKey: { ...bundle.signedPreKey, id: 9 } })).toBe("bad-prekey-signature");
    expect(attempt({ kemPreKey: { ...bundle.kemPreKey, signature: bundle.signedPreKey.signature } })).toBe("bad-prekey-signature");
    expect(attempt({ signPublic: alice.identity.signPublic })).toBe("bad-prekey-signature");
    expect(attempt({ identityDh: new Uint8Array(32) })).toBe("bad-key");
    expect(attempt({ oneTimePreKey: { id: 1, publicKey: new Uint8Array(32) } })).toBe("bad-key");
    expect(attempt({ oneTimePreKey: { id: 1, publicKey: new Uint8Array(31) } })).toBe("bad-key");
  });

  test("a handshake played again, even when its session has left the record", () => {
    const [alice, bob] = pair();
    alice.initiate(bob);
    const first = alice.encrypt(utf8("pay 5"));
    bob.decrypt(alice, first);
    expect(kindOf(bob.tryDecrypt(alice, first))).toBe("duplicate");
    for (let i = 0; i <= MAX_ARCHIVED_SESSIONS; i++) {
      alice.initiate(bob);
      bob.decrypt(alice, alice.encrypt(utf8("again")));
    }
    expect(kindOf(bob.tryDecrypt(alice, first))).toBe("replayed-handshake");
  });

  test("messages for or from another address, or under another identity", () => {
    const [alice, bob] = openPair();
    const message = alice.encrypt(utf8("x"));
    expect(kindOf(bob.tryDecrypt(alice, message, { remoteAddress: utf8("mallory/1") }))).toBe("identity-mismatch");
    expect(kindOf(bob.tryDecrypt(alice, message, { remoteIdentityDh: bob.identity.dhPublic }))).toBe("identity-mismatch");
    expect(kindOf(bob.tryDecrypt(alice, message, { record: undefined }))).toBe("no-session");
    const [carol, dave] = pair(nodePrimitives, 3);
    carol.initiate(dave);
    const first = carol.encrypt(utf8("x"));
    // No record yet: only the MAC knows the addresses.
    expect(kindOf(dave.tryDecrypt(carol, first, { remoteAddress: utf8("mallory/1") }))).toBe("bad-mac");
    expect(kindOf(dave.tryDecrypt(carol, first, { remoteIdentityDh: alice.identity.dhPublic }))).toBe("identity-mismatch");
  });

  test("a one-time prekey that was used already", () => {
    const [alice, bob] = pair();
    alice.initiate(bob, 5);
    const first = alice.encrypt(utf8("x"));
    const decrypted = must(bob.tryDecrypt(alice, first));
    expect(decrypted).toMatchObject({ usedOneTimePreKey: 5, usedKemPreKey: 2, newSession: true });
    bob.oneTime.delete(5);
    expect(bob.tryDecrypt(alice, first)).toEqual({ ok: false, error: { kind: "unknown-prekey", preKey: "one-time" } });
  });

  test("a jump beyond the bound, without harm to the session", () => {
    const [alice, bob] = openPair();
    const early = alice.encrypt(utf8("early"));
    for (let i = 0; i < MAX_FORWARD_JUMP; i++) alice.encrypt(utf8("lost"));
    const atBound = alice.encrypt(utf8("at the bound"));
    const beyond = alice.encrypt(utf8("beyond"));
    expect(bob.tryDecrypt(alice, beyond)).toEqual({ ok: false, error: { kind: "too-far-ahead", jump: MAX_FORWARD_JUMP + 2 } });
    expect(bob.decrypt(alice, early)).toEqual(utf8("early"));
    expect(bob.decrypt(alice, atBound)).toEqual(utf8("at the bound"));
    expect(bob.decrypt(alice, beyond)).toEqual(utf8("beyond"));
  });
});
