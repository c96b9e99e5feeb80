/** For tests: accounts that sign real lists and prekeys, a clock that stands still, randomness from a seed. */
import {
  type AccountId,
  type Bytes,
  type Clock,
  type DeviceAddress,
  type DeviceNumber,
  must,
  type Primitives,
  type Random,
} from "@hawser/base";
import { extendDeviceList, HAWSER_PROFILE, purePrimitives, type VerifiedDeviceList } from "@hawser/crypto";
import {
  DeviceKind,
  KemPreKeySchema,
  OneTimePreKeySchema,
  type PreKeyUpload,
  PreKeyUploadSchema,
  RevocationReason,
  type SignedDeviceList,
  SignedDeviceListSchema,
  SignedPreKeySchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";

export class TestClock implements Clock {
  now = 1_800_000_000_000;

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(): () => void {
    return () => undefined;
  }
}

/** xorshift32: repeatable, nothing more. */
export function seededRandom(seed: number): Random {
  let state = seed === 0 ? 0x9e37_79b9 : seed >>> 0;
  return {
    bytes(sizeBytes: number): Bytes {
      const out = new Uint8Array(sizeBytes);
      for (let i = 0; i < sizeBytes; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        state >>>= 0;
        out[i] = state & 0xff;
      }
      return out;
    },
  };
}

interface TestDevice {
  readonly signSeed: Bytes;
  readonly dhSecret: Bytes;
  readonly dhPublic: Bytes;
  readonly signPublic: Bytes;
}

export class TestAccount {
  readonly #random: Random;
  readonly #primitives: Primitives;
  readonly #seed: Bytes;
  readonly devices = new Map<number, TestDevice>();
  /** All lists ever signed, ascending. */
  readonly chain: VerifiedDeviceList[] = [];

  constructor(random: Random, primitives: Primitives = purePrimitives) {
    this.#random = random;
    this.#primitives = primitives;
    this.#seed = random.bytes(32);
    this.add("phone");
  }

  get id(): AccountId {
    return this.latest.account;
  }

  get latest(): VerifiedDeviceList {
    return this.chain.at(-1)!;
  }

  get first(): SignedDeviceList {
    return entryOf(this.chain[0]!);
  }

  address(device = 1): DeviceAddress {
    return { account: this.id, device: device as DeviceNumber };
  }

  /** With `instead` the same list revokes these. */
  add(kind: "phone" | "companion" = "companion", instead: readonly number[] = []): SignedDeviceList {
    const number = this.chain.length === 0 ? 1 : this.latest.list.nextDeviceNumber;
    const [signSeed, dhSecret] = [this.#random.bytes(32), this.#random.bytes(32)];
    const device = {
      signSeed,
      dhSecret,
      signPublic: this.#primitives.ed25519PublicKey(signSeed),
      dhPublic: this.#primitives.x25519PublicKey(dhSecret),
    };
    this.devices.set(number, device);
    const add = {
      kind: kind === "phone" ? DeviceKind.PHONE : DeviceKind.COMPANION,
      signingKey: device.signPublic,
      dhKey: device.dhPublic,
      attemptId: this.chain.length === 0 ? new Uint8Array(0) : this.#random.bytes(16),
      sealedLabel: this.#random.bytes(32),
    };
    const revoke = instead.map((device) => ({ device, by: number, reason: RevocationReason.REPLACED }));
    return this.#extend({ add: [add], revoke });
  }

  revoke(device: number): SignedDeviceList {
    return this.#extend({ revoke: [{ device, by: 1, reason: RevocationReason.BY_USER }] });
  }

  /** A validly signed list that forks the chain after `number`. */
  fork(number: number): SignedDeviceList {
    const before = this.chain[number - 1]!;
    const relabel = [{ device: 1, sealedLabel: this.#random.bytes(40) }];
    return entryOf(must(extendDeviceList(this.#primitives, this.#seed, before, { nowMs: 5, relabel }), "fork"));
  }

  upload(device: number, firstId: number, oneTime: number, kem: number): PreKeyUpload {
    const keys = this.devices.get(device)!;
    const sign = (kind: "signed" | "kem", id: number, publicKey: Bytes): Bytes =>
      HAWSER_PROFILE.signPreKey(this.#primitives, keys, kind, id, publicKey, this.#random);
    const kemKey = (id: number) => {
      const publicKey = this.#random.bytes(1_568);
      return create(KemPreKeySchema, { id, publicKey, signature: sign("kem", id, publicKey) });
    };
    const signedKey = this.#random.bytes(32);
    return create(PreKeyUploadSchema, {
      signedPreKey: create(SignedPreKeySchema, { id: firstId, publicKey: signedKey, signature: sign("signed", firstId, signedKey) }),
      lastResortKemPreKey: kemKey(firstId),
      oneTimePreKeys: Array.from({ length: oneTime }, (_, i) =>
        create(OneTimePreKeySchema, { id: firstId + i, publicKey: this.#random.bytes(32) }),
      ),
      oneTimeKemPreKeys: Array.from({ length: kem }, (_, i) => kemKey(firstId + 1 + i)),
    });
  }

  sign(device: number, message: Bytes): Bytes {
    return this.#primitives.ed25519Sign(this.devices.get(device)!.signSeed, message);
  }

  #extend(change: Omit<Parameters<typeof extendDeviceList>[3], "nowMs">): SignedDeviceList {
    const next = must(extendDeviceList(this.#primitives, this.#seed, this.chain.at(-1), { nowMs: 1_800_000_000_000, ...change }), "list");
    this.chain.push(next);
    return entryOf(next);
  }
}

export const entryOf = (list: VerifiedDeviceList): SignedDeviceList => create(SignedDeviceListSchema, list.entry);
