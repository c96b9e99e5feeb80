import { create, toBinary } from "@bufbuild/protobuf";
import { GoodbyeSchema, ServerHelloSchema } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readIntegerFields } from "./integer-fields.ts";

test("reads the integers that the schema's own codec wrote", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(2 ** 31 - 1), fc.nat(2 ** 31 - 1), fc.maxSafeNat(), (nonce, min, max, timeMs) => {
      const hello = create(ServerHelloSchema, {
        nonce,
        origin: "https://h",
        protocolMin: min,
        protocolMax: max,
        serverTimeMs: BigInt(timeMs),
      });
      const fields = readIntegerFields(toBinary(ServerHelloSchema, hello))!;
      expect([fields.get(2) ?? 0, fields.get(4) ?? 0, fields.get(5) ?? 0]).toEqual([timeMs, min, max]);
    }),
    { seed: 11 },
  );
  expect(readIntegerFields(toBinary(GoodbyeSchema, create(GoodbyeSchema, { error: 300 })))!.get(1)).toBe(300);
});

test("bytes that end too early, or say that they are longer, are nothing", () => {
  const bytes = toBinary(ServerHelloSchema, create(ServerHelloSchema, { nonce: new Uint8Array(32), protocolMax: 9 }));
  expect(readIntegerFields(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
  expect(readIntegerFields(bytes.subarray(0, 20))).toBeUndefined();
  expect(readIntegerFields(new Uint8Array([0x0b]))).toBeUndefined();
  expect(readIntegerFields(new Uint8Array(30).fill(0xff))).toBeUndefined();
  expect(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (any) => void readIntegerFields(any)),
      { seed: 12 },
    ),
  ).not.toThrow();
});
