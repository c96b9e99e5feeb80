import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase32,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase32,
  toBase64Url,
  toHex,
  utf8,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 100 });

test.each([
  ["hexadecimal", toHex, fromHex],
  ["base32", toBase32, fromBase32],
  ["base64url", toBase64Url, fromBase64Url],
] as const)("%s gives the bytes back, and has one text for them", (_name, encode, decode) => {
  fc.assert(
    fc.property(bytes, fc.string({ maxLength: 20 }), (value, noise) => {
      expect(decode(encode(value))).toEqual(value);
      const parsed = decode(noise);
      if (parsed !== undefined) expect(encode(parsed)).toBe(encode === toHex ? noise.toLowerCase() : noise);
    }),
  );
});

test("RFC 4648 §10", () => {
  expect(toBase32(utf8("foobar"))).toBe("mzxw6ytboi");
  expect(toBase64Url(utf8("fooba"))).toBe("Zm9vYmE");
  expect(toBase64Url(Uint8Array.of(0xfb, 0xff))).toBe("-_8");
  expect(toHex(utf8("foobar"))).toBe("666f6f626172");
});

test("texts that are not canonical are refused", () => {
  expect(fromBase64Url("Zm9vYmF")).toBeUndefined();
  expect(fromBase64Url("Z")).toBeUndefined();
  expect(fromBase64Url("Zm9=")).toBeUndefined();
  expect(fromBase32("mzxw6ytbo")).toBeUndefined();
  expect(fromBase32("MZXW")).toBeUndefined();
  expect(fromHex("abc")).toBeUndefined();
  expect(fromHex("zz")).toBeUndefined();
});

test("comparison is a total order that agrees with equality", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(-Math.sign(compareBytes(b, a)) + 0);
      expect(compareBytes(a, b) === 0).toBe(equalBytes(a, b));
      expect(compareBytes(a, concat(a, Uint8Array.of(0)))).toBeLessThan(0);
    }),
  );
});

test("bytes that are not UTF-8 are no text", () => {
  expect(fromUtf8(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
  expect(fromUtf8(utf8("Ağrı, Bakı, مرحبا"))).toBe("Ağrı, Bakı, مرحبا");
});
