/** A list of passkeys is believed with the account key's signature over exactly its bytes, and within its bounds. */
import { create } from "@bufbuild/protobuf";
import { PasskeyListSchema, PasskeySchema } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { purePrimitives as primitives } from "../pure-primitives.ts";
import { openPasskeyList, signPasskeyList } from "./passkey-list.ts";

const seed = new Uint8Array(32).fill(1);
const accountKey = primitives.ed25519PublicKey(seed);
const point = new Uint8Array(65).fill(4);
const passkey = (change: object = {}) =>
  create(PasskeySchema, { credentialId: Uint8Array.of(1), publicKey: point, rpId: "chat.example", createdAtMs: 5n, ...change });
const sign = (change: object = {}, by = seed) =>
  signPasskeyList(primitives, by, create(PasskeyListSchema, { number: 1n, passkeys: [passkey()], required: true, ...change }));

test("what was signed comes out", () => {
  expect(openPasskeyList(primitives, accountKey, sign())).toMatchObject({
    number: 1n,
    required: true,
    passkeys: [{ rpId: "chat.example" }],
  });
  expect(openPasskeyList(primitives, accountKey, sign({ passkeys: [] }))).toMatchObject({ passkeys: [] });
});

test.each([
  ["signed by another key", sign({}, new Uint8Array(32).fill(2))],
  ["without a number", sign({ number: 0n })],
  ["with nine passkeys", sign({ passkeys: Array.from({ length: 9 }, () => passkey()) })],
  ["with a key that is no point", sign({ passkeys: [passkey({ publicKey: point.slice(1) })] })],
  ["with a credential without an id", sign({ passkeys: [passkey({ credentialId: new Uint8Array(0) })] })],
  ["with a host name that has no end", sign({ passkeys: [passkey({ rpId: "x".repeat(300) })] })],
  ["nothing", new Uint8Array(0)],
])("not believed: %s", (_name, bytes) => expect(openPasskeyList(primitives, accountKey, bytes)).toBeUndefined());

test("five hundred changed bytes change no list: it is the same, or none", () => {
  const bytes = sign();
  const whole = openPasskeyList(primitives, accountKey, bytes);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
      const changed = bytes.slice();
      changed[at]! ^= xor;
      expect([undefined, whole]).toContainEqual(openPasskeyList(primitives, accountKey, changed));
    }),
    { numRuns: 500, seed: 3 },
  );
});
