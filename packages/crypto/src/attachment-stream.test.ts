/** Invariants: what was sealed opens whatever the chunks it arrives in; what was cut, moved or changed does not. */
import { concat, must, type Random, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node/primitives";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  blobIdOf,
  createStreamOpener,
  createStreamSealer,
  openStream,
  sealedStreamSizeBytes,
  sealStream,
  SEGMENT_SIZE_BYTES,
} from "./attachment-stream.ts";
import { makeCapsulePlaintext, openBody, readCapsulePlaintext, sealBody } from "./body.ts";
import { purePrimitives } from "./pure-primitives.ts";

const random: Random = { bytes: (size) => new Uint8Array(size).fill(7) };
const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 31) & 255);
const HEADER = 8;
const SEALED_SEGMENT = SEGMENT_SIZE_BYTES + 16;

test.each([0, 1, SEGMENT_SIZE_BYTES - 1, SEGMENT_SIZE_BYTES, SEGMENT_SIZE_BYTES + 1, 3 * SEGMENT_SIZE_BYTES, 3 * SEGMENT_SIZE_BYTES + 5])(
  "%i bytes, any chunks",
  (size) => {
    const plaintext = pattern(size);
    const { key, sealed, blobId } = sealStream(nodePrimitives, plaintext, { random });
    expect(sealed.length).toBe(sealedStreamSizeBytes(size));
    expect(blobId).toBe(blobIdOf(purePrimitives, sealed));
    expect(must(openStream(nodePrimitives, key, sealed))).toEqual(plaintext);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const sealer = createStreamSealer(nodePrimitives, key, { random });
        const opener = createStreamOpener(nodePrimitives, key);
        const [ciphertext, opened]: [Uint8Array[], Uint8Array[]] = [[], []];
        let at = 0;
        for (const next of sizes) {
          ciphertext.push(sealer.update(plaintext.subarray(at, at + next)));
          at += next;
        }
        ciphertext.push(sealer.update(plaintext.subarray(at)), sealer.finish());
        expect(concat(...ciphertext)).toEqual(sealed);
        at = 0;
        for (const next of [...sizes, sealed.length]) {
          opened.push(must(opener.update(sealed.subarray(at, at + next))));
          at += next;
        }
        opened.push(must(opener.finish()));
        expect(concat(...opened)).toEqual(plaintext);
      }),
      { numRuns: 8 },
    );
  },
);

test("pure and native primitives seal the same stream", () => {
  expect(sealStream(purePrimitives, pattern(70_000), { random })).toEqual(sealStream(nodePrimitives, pattern(70_000), { random }));
});

test("cut, moved, repeated, changed and foreign segments are refused", () => {
  const { key, sealed } = sealStream(nodePrimitives, pattern(3 * SEGMENT_SIZE_BYTES + 100), { random });
  const segment = (index: number): Uint8Array => sealed.subarray(HEADER + index * SEALED_SEGMENT, HEADER + (index + 1) * SEALED_SEGMENT);
  const header = sealed.subarray(0, HEADER);
  const attempt = (bytes: Uint8Array, withKey = key) => {
    const result = openStream(nodePrimitives, withKey, bytes);
    return result.ok ? "ok" : result.error;
  };
  expect(attempt(concat(header, segment(0), segment(1), segment(2)))).toEqual({ kind: "bad-segment", segment: 2 });
  expect(attempt(concat(header, segment(1), segment(0), segment(2), segment(3)))).toEqual({ kind: "bad-segment", segment: 0 });
  expect(attempt(concat(header, segment(0), segment(0), segment(2), segment(3)))).toEqual({ kind: "bad-segment", segment: 1 });
  expect(attempt(concat(header, segment(0), segment(1), segment(2)).subarray(0, HEADER + 2 * SEALED_SEGMENT + 3))).toEqual({
    kind: "truncated",
  });
  expect(attempt(header)).toEqual({ kind: "truncated" });
  expect(attempt(header.subarray(0, 3))).toEqual({ kind: "truncated" });
  expect(attempt(new Uint8Array(0))).toEqual({ kind: "truncated" });
  expect(attempt(concat(Uint8Array.of(2), sealed.subarray(1)))).toEqual({ kind: "unsupported-version" });
  expect(attempt(concat(sealed, Uint8Array.of(0)))).toEqual({ kind: "bad-segment", segment: 3 });
  expect(attempt(sealed, new Uint8Array(32))).toEqual({ kind: "bad-segment", segment: 0 });
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = sealed.slice();
      changed[at]! ^= mask;
      expect(attempt(changed)).not.toBe("ok");
    }),
    { numRuns: 60 },
  );
});

test("a body opens with the capsule made for it and with no other", () => {
  const { bodyKey, sealed } = sealBody(nodePrimitives, utf8("hello"), { random });
  const capsule = makeCapsulePlaintext(nodePrimitives, bodyKey, sealed);
  expect(capsule.length).toBe(64);
  expect(openBody(purePrimitives, readCapsulePlaintext(purePrimitives, capsule, sealed)!, sealed)).toEqual(utf8("hello"));
  const other = sealed.slice();
  other[0]! ^= 1;
  expect(readCapsulePlaintext(nodePrimitives, capsule, other)).toBeUndefined();
  expect(readCapsulePlaintext(nodePrimitives, capsule.subarray(1), sealed)).toBeUndefined();
  expect(openBody(nodePrimitives, bodyKey, other)).toBeUndefined();
  expect(openBody(nodePrimitives, bodyKey, new Uint8Array(3))).toBeUndefined();
});
