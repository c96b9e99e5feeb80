/** Invariant: what was written is read back, wherever the buffer had to grow. */
import { describe, expect, test } from "vitest";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

const FIELDS = {
  u8: [(writer: ByteWriter) => writer.u8(0xfe), (reader: ByteReader) => reader.u8(), 0xfe],
  u16: [(writer: ByteWriter) => writer.u16(0xfedc), (reader: ByteReader) => reader.u16(), 0xfedc],
  u32: [(writer: ByteWriter) => writer.u32(0xfedc_ba98), (reader: ByteReader) => reader.u32(), 0xfedc_ba98],
  u53: [(writer: ByteWriter) => writer.u53(Number.MAX_SAFE_INTEGER), (reader: ByteReader) => reader.u53(), Number.MAX_SAFE_INTEGER],
  block: [
    (writer: ByteWriter) => writer.block(new Uint8Array([1, 2, 3])),
    (reader: ByteReader) => reader.block(3),
    new Uint8Array([1, 2, 3]),
  ],
} as const;
/** More than the longest field. */
const SIZES = Array.from({ length: 20 }, (_, index) => index + 1);

describe.each(Object.entries(FIELDS))("%s", (_name, [write, read, value]) => {
  test.each(SIZES)("behind %i bytes, in a buffer that ends anywhere near", (before) => {
    for (const size of SIZES) {
      const writer = new ByteWriter(size).raw(new Uint8Array(before).fill(7));
      const reader = new ByteReader(write(writer).u8(9).finish());
      expect(reader.raw(before)).toEqual(new Uint8Array(before).fill(7));
      expect(read(reader)).toEqual(value);
      expect([reader.u8(), reader.finish()]).toEqual([9, undefined]);
    }
  });
});
