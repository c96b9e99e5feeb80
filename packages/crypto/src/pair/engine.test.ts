/**
 * Invariants: every message that arrives is read exactly once, whatever was lost, reordered or repeated; two devices that start
 * at the same time converge; every list in a record is bounded.
 */
import { type Bytes, must, type Primitives, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { describe, expect, it, test } from "vitest";
import { Device, kindOf, openPair, pair, seeded } from "../../test/pair-device.ts";
import { purePrimitives } from "../pure-primitives.ts";
import { SESSION_REFRESH_AFTER_MS } from "./engine.ts";
import { decodeRecord } from "./record-codec.ts";
import { MAX_ARCHIVED_SESSIONS, MAX_FORWARD_JUMP, MAX_SKIPPED_KEYS } from "./session-state.ts";

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

  test("a chain that ended with more missing messages than the bound gives those up, not the session", () => {
    const [alice, bob] = openPair();
    bob.decrypt(alice, alice.encrypt(utf8("in time")));
    for (let i = 0; i < MAX_FORWARD_JUMP + 50; i++) alice.encrypt(utf8("lost"));
    const beyond = alice.encrypt(utf8("beyond"));
    alice.decrypt(bob, bob.encrypt(utf8("turn")));
    expect(bob.decrypt(alice, alice.encrypt(utf8("new chain")))).toEqual(utf8("new chain"));
    expect(kindOf(bob.tryDecrypt(alice, beyond))).toBe("bad-mac");
    expect(alice.decrypt(bob, bob.encrypt(utf8("still here")))).toEqual(utf8("still here"));
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
