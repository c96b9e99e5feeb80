/** The draft's own vectors, and what a wrong password, a wrong session and a share that is none come to. */
import { fromHex, toHex, utf8 } from "@hawser/base";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  confirms,
  cpaceConfirmation,
  type CpaceContext,
  cpaceKeys,
  cpaceShare,
  generatorString,
  multiplyVerified,
  withLength,
} from "./cpace.ts";

const vectors = JSON.parse(readFileSync(new URL("../../../../vectors/cpace-ristretto255-sha512.json", import.meta.url), "utf8"));
const hex = (text: string): Uint8Array => fromHex(text)!;
const { generator, exchange } = vectors;
const session = hex(generator.sid);
const context: CpaceContext = { password: hex(generator.PRS), channel: hex(generator.CI), session };

test("the generator of the draft", () => {
  expect(toHex(generatorString(context))).toBe(generator.generatorString);
  expect(toHex(sha512(generatorString(context)))).toBe(generator.hash);
  const one = new Uint8Array(64);
  one[0] = 1;
  expect(toHex(cpaceShare(context, one))).toBe(generator.g);
});

test("the exchange of the draft, from both sides", () => {
  expect(toHex(cpaceShare(context, hex(exchange.ya)))).toBe(exchange.Ya);
  expect(toHex(cpaceShare(context, hex(exchange.yb)))).toBe(exchange.Yb);
  expect(toHex(multiplyVerified(hex(exchange.ya), hex(exchange.Yb))!)).toBe(exchange.K);
  const a = { share: hex(exchange.Ya), data: hex(exchange.ADa) };
  const b = { share: hex(exchange.Yb), data: hex(exchange.ADb) };
  for (const [own, entropy] of [
    ["initiator", exchange.ya],
    ["responder", exchange.yb],
  ] as const) {
    // prettier-ignore
    const keys = cpaceKeys(session, hex(entropy), a, b, own)!;
    expect(toHex(keys.transcript)).toBe(exchange.transcript);
    expect(toHex(keys.key)).toBe(exchange.ISK);
  }
});

test("the draft's valid and invalid points", () => {
  const { multiply, invalid } = vectors;
  expect(toHex(multiplyVerified(hex(multiply.s), hex(multiply.X))!)).toBe(multiply.result);
  for (const share of invalid) expect(multiplyVerified(hex(multiply.s), hex(share))).toBeUndefined();
  expect(multiplyVerified(hex(multiply.s), new Uint8Array(31))).toBeUndefined();
});

test("lengths are LEB128", () => {
  expect(toHex(withLength(new Uint8Array(0)))).toBe("00");
  expect(toHex(withLength(new Uint8Array(127)).subarray(0, 2))).toBe("7f00");
  expect(toHex(withLength(new Uint8Array(128)).subarray(0, 2))).toBe("8001");
});

test("only who has the same password, channel and session gets the key and can confirm it", () => {
  const entropy = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(entropy, entropy, fc.constantFrom("password", "channel", "session", "nothing"), (ya, yb, other) => {
      const mine: CpaceContext = { password: utf8("7K3M"), channel: utf8("here"), session: utf8("one") };
      const theirs = other === "nothing" ? mine : { ...mine, [other]: utf8("else") };
      const a = { share: cpaceShare(mine, ya), data: utf8("a") };
      const b = { share: cpaceShare(theirs, yb), data: utf8("b") };
      const keysA = cpaceKeys(mine.session, ya, a, b, "initiator")!;
      const keysB = cpaceKeys(theirs.session, yb, a, b, "responder")!;
      expect(toHex(keysA.key) === toHex(keysB.key)).toBe(other === "nothing");
      const confirmation = cpaceConfirmation(theirs.session, keysB, b);
      expect(confirms(mine.session, keysA, b, confirmation)).toBe(other === "nothing");
      // A confirmation says nothing for the other direction.
      expect(confirms(mine.session, keysA, a, confirmation)).toBe(false);
    }),
    { numRuns: 20, seed: 3 },
  );
});
