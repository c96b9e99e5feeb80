import fc from "fast-check";
import { expect, test } from "vitest";
import { pictureSize } from "./picture-size.ts";

const hex = (text: string): Uint8Array => Uint8Array.from([...Buffer.from(text.replaceAll(" ", ""), "hex"), ...new Uint8Array(32)]);

test.each([
  ["PNG", "89504e470d0a1a0a 0000000d 49484452 00000500 000002d0"],
  ["GIF", "474946383961 0005 d002"],
  ["JPEG with tables before its frame", "ffd8 ffe0 0010 4a46494600010100000100010000 ffc4 0004 0000 ffc2 0011 08 02d0 0500 03"],
  ["WebP, lossy", "52494646 00000000 57454250 56503820 00000000 300100 9d012a 0005 d002"],
  ["WebP, lossless", "52494646 00000000 57454250 5650384c 00000000 2f ffc4b300"],
  ["WebP, extended", "52494646 00000000 57454250 56503858 0a000000 10000000 ff0400 cf0200"],
])("%s", (_, bytes) => {
  expect(pictureSize(hex(bytes))).toEqual({ width: 1280, height: 720 });
});

test("anything else has no size, and no bytes make it fail", () => {
  expect(pictureSize(new TextEncoder().encode("a text that is long enough to be looked at"))).toBeUndefined();
  const heads = ["89504e47", "47494638", "ffd8ffe0", "ffd8ffff", "52494646", ""].map((head) => Buffer.from(head, "hex"));
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), (head, rest) => {
      const size = pictureSize(new Uint8Array([...head, ...rest]));
      expect(size === undefined || (size.width > 0 && size.height > 0)).toBe(true);
    }),
  );
});
