/** A device with its engine, prekeys and one session record, for the pair engine's tests. */
import { type Bytes, err, must, ok, type Primitives, type Random, type Result, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { createPairEngine, type Decrypted, type DecryptInput } from "../src/pair/engine.ts";
import type { PairError } from "../src/pair/pair-error.ts";
import type { PreKeyPair } from "../src/pair/prekeys.ts";

/** Repeats with its seed; not fit for anything but tests. */
export function seeded(seed: number): Random & { below(bound: number): number } {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { bytes: (size) => Uint8Array.from({ length: size }, () => next() >>> 24), below: (bound) => next() % bound };
}

export class Device {
  readonly engine;
  readonly identity;
  readonly signed;
  readonly kem;
  readonly oneTime = new Map<number, PreKeyPair>();
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
    return {
      identityDh: this.identity.dhPublic,
      signPublic: this.identity.signPublic,
      signedPreKey: this.signed,
      kemPreKey: this.kem,
      oneTimePreKey,
    };
  }

  initiate(peer: Device, oneTimeId?: number): void {
    this.record = must(
      this.engine.initiate(
        {
          identity: this.identity,
          bundle: peer.bundle(oneTimeId),
          localAddress: this.address,
          remoteAddress: peer.address,
          record: this.record,
        },
        this,
      ),
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

export const kindOf = <T>(result: Result<T, PairError>): string => (result.ok ? "ok" : result.error.kind);

export function pair(primitives: Primitives = nodePrimitives, seed = 1): [Device, Device] {
  const random = seeded(seed);
  return [new Device(primitives, random, "alice/1"), new Device(primitives, random, "bob/2")];
}

/** A pair whose session is open on both sides. */
export function openPair(seed = 1): [Device, Device] {
  const [alice, bob] = pair(nodePrimitives, seed);
  alice.initiate(bob, 7);
  bob.decrypt(alice, alice.encrypt(utf8("hello")));
  alice.decrypt(bob, bob.encrypt(utf8("hello back")));
  return [alice, bob];
}
