/**
 * Invariants: every message that arrives is read exactly once, whatever was lost, reordered or repeated; whatever was changed
 * on the way is refused with a typed error and changes nothing; two devices that start at the same time converge.
 */
import { type Bytes, err, must, ok, type Primitives, type Random, type Result, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { purePrimitives } from "../pure-primitives.ts";
import { createPairEngine, type Decrypted, type DecryptInput, SESSION_REFRESH_AFTER_MS } from "./engine.ts";
import type { PairError } from "./pair-error.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { MAX_ARCHIVED_SESSIONS, MAX_FORWARD_JUMP, MAX_SKIPPED_KEYS } from "./session-state.ts";

/** Repeats with its seed; not fit for anything but tests. */
function seeded(seed: number): Random & { below(bound: number): number } {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { bytes: (size) => Uint8Array.from({ length: size }, () => next() >>> 24), below: (bound) => next() % bound };
}

class Device {
  readonly engine;
  readonly identity;
  readonly signed;
  readonly kem;
  readonly oneTime = new Map<number, ReturnType<ReturnType<typeof createPairEngine>["newOneTimePreKey"]>>();
  record: Bytes | undefined;
  nowMs = 1_000;
  readonly random: Random;
  readonly address: Bytes;

  constructor(primitives: Primitives, random: Random, name: string) {
    this.engine = createPairEngine(primitives);
    this.random = random;
    this.address = utf8(name);
    this.identity = this.engine.newIdentity(this);
    this.signed = this.engine.newSignedPreKey(1, this.identity, this);
    this.kem = this.engine.newKemPreKey(2, this.identity, this, { lastResort: true });
  }

  bundle(oneTimeId?: number) {
    const oneTimePreKey = oneTimeId === undefined ? undefined : this.engine.newOneTimePreKey(oneTimeId, this);
    if (oneTimePreKey !== undefined) this.oneTime.set(oneTimeId!, oneTimePreKey);
    return { identityDh: this.identity.dhPublic, signPublic: this.identity.signPublic, signedPreKey: this.signed, kemPreKey: this.kem, oneTimePreKey };
  }

  initiate(peer: Device, oneTimeId?: number): void {
    this.record = must(
      this.engine.initiate({ identity: this.identity, bundle: peer.bundle(oneTimeId), localAddress: this.address, remoteAddress: peer.address, record: this.record }, this),
    );
  }

  encrypt(plaintext: Bytes): Bytes {
    const { record, message } = must(this.engine.encrypt(this.record!, plaintext, this));
    this.record = record;
    return message;
  }

  tryDecrypt(peer: Device, message: Bytes, changes: Partial<DecryptInput> = {}): Result<Decrypted, PairError> {
    return this.engine.decrypt(
      {
        record: this.record,
        message,
        identity: this.identity,
        remoteIdentityDh: peer.identity.dhPublic,
        localAddress: this.address,
        remoteAddress: peer.address,
        preKeys: (ids) => {
          const oneTime = ids.oneTime === undefined ? undefined : this.oneTime.get(ids.oneTime);
          if (ids.signed !== 1) return err({ kind: "unknown-prekey", preKey: "signed" });
          if (ids.kem !== 2) return err({ kind: "unknown-prekey", preKey: "kem" });
          if (ids.oneTime !== undefined && oneTime === undefined) return err({ kind: "unknown-prekey", preKey: "one-time" });
          return ok({ signed: this.signed, kem: this.kem, oneTime });
        },
        ...changes,
      },
      this,
    );
  }

  decrypt(peer: Device, message: Bytes): Bytes {
    const decrypted = must(this.tryDecrypt(peer, message), "decrypt");
    this.record = decrypted.record;
    if (decrypted.usedOneTimePreKey !== undefined) this.oneTime.delete(decrypted.usedOneTimePreKey);
    return decrypted.plaintext;
  }
}

const kindOf = <T>(result: Result<T, PairError>): string => (result.ok ? "ok" : result.error.kind);

function pair(primitives: Primitives = nodePrimitives, seed = 1): [Device, Device] {
  const random = seeded(seed);
  return [new Device(primitives, random, "alice/1"), new Device(primitives, random, "bob/2")];
}

/** A pair whose session is open on both sides. */
function openPair(seed = 1): [Device, Device] {
  const [alice, bob] = pair(nodePrimitives, seed);
  alice.initiate(bob, 7);
  bob.decrypt(alice, alice.encrypt(utf8("hello")));
  alice.decrypt(bob, bob.encrypt(utf8("hello back")));
  return [alice, bob];
}

/** One random conversation over a bad network; gives the number of messages read. */
function converse(primitives: Primitives, seed: number, steps: number): { delivered: number; refused: number; simultaneous: boolean } {
  const random = seeded(seed);
  const sides = [new Device(primitives, random, "alice/1"), new Device(primitives, random, "bob/2")] as const;
  const simultaneous = random.below(5) === 0;
  const first = random.below(2);
  let nextOneTimeId = 100;
  const initiate = (side: number): void => sides[side]!.initiate(sides[1 - side]!, random.below(10) < 7 ? nextOneTimeId++ : undefined);
  initiate(first);
  if (simultaneous) initiate(1 - first);
  const underWay: { to: number; message: Bytes; plaintext: Bytes }[] = [];
  let delivered = 0;
  let refused = 0;
  const deliver = (): void => {
    const { to, message, plaintext } = underWay.splice(random.below(underWay.length), 1)[0]!;
    const [receiver, sender] = [sides[to]!, sides[1 - to]!];
    expect(receiver.decrypt(sender, message)).toEqual(plaintext);
    delivered++;
    if (random.below(6) > 0) return;
    const before = receiver.record!.slice();
    expect(["duplicate", "replayed-handshake", "bad-mac"]).toContain(kindOf(receiver.tryDecrypt(sender, message)));
    expect(receiver.record).toEqual(before);
    refused++;
  };
  for (let step = 0; step < steps; step++) {
    // Now and then PQXDH runs again, as the refresh does.
    if (random.below(40) === 0) initiate(random.below(2));
    const from = sides[0].record === undefined ? 1 : sides[1].record === undefined ? 0 : random.below(2);
    const plaintext = random.bytes(random.below(200));
    underWay.push({ to: 1 - from, message: sides[from]!.encrypt(plaintext), plaintext });
    while (underWay.length > 0 && random.below(2) === 0) {
      if (random.below(8) === 0) underWay.splice(random.below(underWay.length), 1);
      else deliver();
    }
  }
  while (underWay.length > 0) deliver();
  return { delivered, refused, simultaneous };
}

describe("sessions over a bad network", () => {
  test("1,000 random ones: loss, reordering, duplicates, both roles, simultaneous initiation, no one-time key, refresh", () => {
    let delivered = 0;
    let refused = 0;
    let simultaneous = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      const outcome = converse(nodePrimitives, seed, 12);
      delivered += outcome.delivered;
      refused += outcome.refused;
      simultaneous += outcome.simultaneous ? 1 : 0;
    }
    expect(delivered).toBeGreaterThan(8_000);
    expect(refused).toBeGreaterThan(1_000);
    expect(simultaneous).toBeGreaterThan(100);
  });

  test("pure and native primitives write the same records and messages", () => {
    const transcript = (primitives: Primitives): Bytes[] => {
      const [alice, bob] = pair(primitives, 77);
      alice.initiate(bob, 9);
      const messages = [alice.encrypt(utf8("one"))];
      bob.decrypt(alice, messages[0]!);
      messages.push(bob.encrypt(utf8("two")));
      alice.decrypt(bob, messages[1]!);
      return [...messages, alice.record!, bob.record!];
    };
    expect(transcript(purePrimitives)).toEqual(transcript(nodePrimitives));
  });

  it("converges after both sides opened a session at once", () => {
    const [alice, bob] = pair();
    alice.initiate(bob, 1);
    bob.initiate(alice, 2);
    const [toBob, toAlice] = [alice.encrypt(utf8("a")), bob.encrypt(utf8("b"))];
    bob.decrypt(alice, toBob);
    alice.decrypt(bob, toAlice);
    for (let round = 0; round < 3; round++) {
      expect(bob.decrypt(alice, alice.encrypt(utf8("ping")))).toEqual(utf8("ping"));
      expect(alice.decrypt(bob, bob.encrypt(utf8("pong")))).toEqual(utf8("pong"));
    }
    const [a, b] = [must(decodeRecord(alice.record!)), must(decodeRecord(bob.record!))];
    expect(a.current.baseKey).toEqual(b.current.baseKey);
    expect(kindOf(alice.engine.inspect(alice.encrypt(utf8("x"))))).toBe("ok");
    expect(must(alice.engine.inspect(alice.encrypt(utf8("x")))).kind).toBe("ratchet");
  });
});

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
    for (const kind of ["bad-mac", "malformed-message", "unsupported-version", "identity-mismatch"]) expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(0);
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
    expect(decodeRecord(Uint8Array.from([...alice.record!, 0]))).toEqual({ ok: false, error: { kind: "malformed-record", offset: alice.record!.length } });
  });

  test("a bundle with a wrong signature, a wrong id, or keys of low order", () => {
    const [alice, bob] = pair();
    const bundle = bob.bundle(4);
    const attempt = (changed: object): string =>
      kindOf(alice.engine.initiate({ identity: alice.identity, bundle: { ...bundle, ...changed }, localAddress: alice.address, remoteAddress: bob.address }, alice));
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

describe("bounds", () => {
  test("skipped keys: the oldest go first, the record stays readable", () => {
    const [alice, bob] = openPair();
    const oldest = alice.encrypt(utf8("oldest"));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 900; i++) alice.encrypt(utf8("lost"));
      bob.decrypt(alice, alice.encrypt(utf8("next")));
    }
    const { current } = must(decodeRecord(bob.record!));
    const kept = current.receiveChains.reduce((sum, chain) => sum + chain.skipped.length / 36, 0);
    expect(kept).toBe(MAX_SKIPPED_KEYS);
    expect(kindOf(bob.tryDecrypt(alice, oldest))).toBe("duplicate");
  });

  test("keys of a chain that ended are kept until used, then gone", () => {
    const [alice, bob] = openPair();
    const late = alice.encrypt(utf8("late"));
    bob.decrypt(alice, alice.encrypt(utf8("in time")));
    const later = alice.encrypt(utf8("later"));
    alice.decrypt(bob, bob.encrypt(utf8("turn")));
    bob.decrypt(alice, alice.encrypt(utf8("new chain")));
    expect(bob.decrypt(alice, later)).toEqual(utf8("later"));
    expect(kindOf(bob.tryDecrypt(alice, later))).toBe("duplicate");
    expect(bob.decrypt(alice, late)).toEqual(utf8("late"));
    expect(must(decodeRecord(bob.record!)).current.receiveChains.length).toBe(1);
  });

  test("archived sessions", () => {
    const [alice, bob] = openPair();
    const waiting = alice.encrypt(utf8("from the first session"));
    for (let i = 0; i < MAX_ARCHIVED_SESSIONS; i++) {
      alice.initiate(bob);
      bob.decrypt(alice, alice.encrypt(utf8("again")));
    }
    expect(must(decodeRecord(bob.record!)).archived.length).toBe(MAX_ARCHIVED_SESSIONS);
    expect(bob.decrypt(alice, waiting)).toEqual(utf8("from the first session"));
  });
});

test("a session asks for a refresh after two weeks, and clocks that jump back do not matter", () => {
  const [alice] = openPair();
  expect(alice.engine.shouldRefresh(alice.record!, 1_000 + SESSION_REFRESH_AFTER_MS - 1)).toBe(false);
  expect(alice.engine.shouldRefresh(alice.record!, 1_000 + SESSION_REFRESH_AFTER_MS)).toBe(true);
  expect(alice.engine.sessionAgeMs(alice.record!, 0)).toEqual({ ok: true, value: 0 });
});

test("sizes: a first message stays under 2 KiB, an ordinary capsule under 200 bytes", () => {
  const [alice, bob] = pair();
  alice.initiate(bob, 1);
  const first = alice.encrypt(new Uint8Array(64));
  expect(first.length).toBeLessThan(2_048);
  bob.decrypt(alice, first);
  expect(bob.encrypt(new Uint8Array(64)).length).toBeLessThan(200);
});
