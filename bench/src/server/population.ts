/** Accounts for load: made from numbers, so that the server under test and the generator agree without talking. */
import { createHash } from "node:crypto";
import { must, type Primitives } from "@hawser/base";
import { extendDeviceList, type VerifiedDeviceList } from "@hawser/crypto";
import { DeviceKind } from "@hawser/wire";

export interface Population {
  readonly accounts: number;
  readonly devicesPerAccount: number;
}

/** 32 bytes that belong to a name. For benchmarks only: anybody can make them. */
export const seedOf = (name: string): Uint8Array => new Uint8Array(createHash("sha256").update(`hawser bench ${name}`).digest());

export const deviceSeed = (account: number, device: number): Uint8Array => seedOf(`device ${account}/${device}`);

/** List 1 of an account: one phone and companions. */
export function firstList(primitives: Primitives, account: number, devices: number): VerifiedDeviceList {
  const add = Array.from({ length: devices }, (_, i) => ({
    kind: i === 0 ? DeviceKind.PHONE : DeviceKind.COMPANION,
    signingKey: primitives.ed25519PublicKey(deviceSeed(account, i + 1)),
    dhKey: seedOf(`dh ${account}/${i + 1}`),
    attemptId: new Uint8Array(0),
    sealedLabel: new Uint8Array(0),
  }));
  return must(extendDeviceList(primitives, seedOf(`account ${account}`), undefined, { nowMs: 1_700_000_000_000, add }), "a first list");
}
