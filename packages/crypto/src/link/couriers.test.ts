/** Couriers: what was sealed opens for the one it was meant for, unchanged, and for nobody else. */
import { utf8 } from "@hawser/base";
import { expect, test } from "vitest";
import { purePrimitives } from "../pure-primitives.ts";
import { newLinkKeys } from "./link-channel.ts";
import { openReverse, sealReverse } from "./reverse-courier.ts";
import { answerTyped, openTyped, sealTyped, typedRendezvousId, typedShare, type TypedSide } from "./typed-courier.ts";

const fill = (byte: number, size: number): Uint8Array => new Uint8Array(size).fill(byte);
const PARTS = utf8("the parts of a code");
const rendezvousId = typedRendezvousId(purePrimitives, "7K3M");
const companion: TypedSide = { rendezvousId, password: "P0QX", origin: "https://chat.example", entropy: fill(1, 64) };
const phone: TypedSide = { ...companion, entropy: fill(2, 64) };

test("letters: the parts reach the phone that knows them", () => {
  const answer = answerTyped(phone, typedShare(companion))!;
  const sealed = sealTyped(purePrimitives, companion, answer, PARTS)!;
  expect(openTyped(purePrimitives, phone, typedShare(companion), sealed)).toEqual(PARTS);
  for (const at of [0, sealed.length - 1]) {
    const damaged = Uint8Array.from(sealed);
    damaged[at]! ^= 1;
    expect(openTyped(purePrimitives, phone, typedShare(companion), damaged)).toBeUndefined();
  }
});

test.each([
  ["another password", { password: "P0QY" }],
  ["another address", { origin: "https://hawser-login.example" }],
  ["another place", { rendezvousId: typedRendezvousId(purePrimitives, "7K3N") }],
])("letters: %s gets nothing sealed", (_name, other) => {
  const answer = answerTyped({ ...phone, ...other }, typedShare(companion))!;
  expect(sealTyped(purePrimitives, companion, answer, PARTS)).toBeUndefined();
});

test("letters: an answer without its confirmation, or with a share that is none, gets nothing sealed", () => {
  const { share } = answerTyped(phone, typedShare(companion))!;
  for (const answer of [
    { share, confirmation: fill(0, 64) },
    { share, confirmation: fill(0, 0) },
    { share: fill(0, 32), confirmation: fill(0, 64) },
    { share: fill(255, 31), confirmation: fill(0, 64) },
  ])
    expect(sealTyped(purePrimitives, companion, answer, PARTS)).toBeUndefined();
  expect(answerTyped(phone, fill(0, 32))).toBeUndefined();
  expect(openTyped(purePrimitives, phone, fill(7, 5), fill(0, 40))).toBeUndefined();
});

test("the phone's code: only who saw it writes, only the phone that showed it reads", async () => {
  const code = { rendezvousId: fill(3, 16), secret: fill(4, 32) };
  const keys = newLinkKeys(purePrimitives, { bytes: (size) => fill(5, size) });
  const { encapsulatedKey, ciphertext } = (await sealReverse(code, keys.publicKey, fill(6, 32), PARTS))!;
  expect(await openReverse(code, keys, encapsulatedKey, ciphertext)).toEqual(PARTS);
  for (const other of [
    { ...code, secret: fill(9, 32) },
    { ...code, rendezvousId: fill(9, 16) },
  ])
    expect(await openReverse(other, keys, encapsulatedKey, ciphertext)).toBeUndefined();
  const stranger = newLinkKeys(purePrimitives, { bytes: (size) => fill(8, size) });
  expect(await openReverse(code, stranger, encapsulatedKey, ciphertext)).toBeUndefined();
  expect(await openReverse(code, keys, fill(0, 3), ciphertext)).toBeUndefined();
  expect(await sealReverse(code, fill(1, 5), fill(6, 32), PARTS)).toBeUndefined();
});
