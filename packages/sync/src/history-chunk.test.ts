import { create, equals } from "@bufbuild/protobuf";
import { fromHex, utf8 } from "@hawser/base";
import { purePrimitives as primitives } from "@hawser/crypto";
import { type HistoryChunk, HistoryChunkSchema } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openChunk, pureCompression, sealChunk } from "./history-chunk.ts";

const JOB_ID = "00112233445566778899aabbccddeeff";

function randomFrom(seed: number) {
  let a = seed >>> 0;
  return { bytes: (size: number) => Uint8Array.from({ length: size }, () => (a = (Math.imul(a, 1_664_525) + 1_013_904_223) >>> 0) >>> 24) };
}

function chunkOf(texts: readonly string[], index = 3): HistoryChunk {
  return create(HistoryChunkSchema, {
    jobId: fromHex(JOB_ID)!,
    index,
    conversations: [
      {
        conversationId: "i:1",
        title: "Anna",
        entries: texts.map((text, i) => ({ messageId: new Uint8Array(16).fill(i), text, sentAtMs: BigInt(i) })),
      },
    ],
  });
}

test("what was sealed comes back, and a second sealing is another blob under another key", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 30 }), fc.integer(), (texts, seed) => {
      const random = randomFrom(seed);
      const chunk = chunkOf(texts);
      const first = sealChunk(chunk, primitives, pureCompression, random);
      const second = sealChunk(chunk, primitives, pureCompression, random);
      expect(second.blob).not.toBe(first.blob);
      const opened = openChunk(first.ciphertext, { ...first, jobId: JOB_ID, index: 3 }, primitives, pureCompression);
      expect(opened.ok && equals(HistoryChunkSchema, opened.value, chunk)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("each kind of damage has its name", () => {
  const sealed = sealChunk(chunkOf(["hello"]), primitives, pureCompression, randomFrom(1));
  const open = (change: Partial<typeof sealed & { jobId: string; index: number }>) => {
    const all = { ...sealed, jobId: JOB_ID, index: 3, ...change };
    const opened = openChunk(all.ciphertext, all, primitives, pureCompression);
    return opened.ok ? "ok" : opened.error.kind;
  };
  expect(open({})).toBe("ok");
  expect(open({ ciphertext: sealed.ciphertext.slice(1) })).toBe("wrong-hash");
  expect(open({ key: new Uint8Array(32) })).toBe("undecryptable");
  expect(open({ index: 4 })).toBe("other-job");
  expect(open({ jobId: JOB_ID.replaceAll("0", "1") })).toBe("other-job");
});

test("10,000 damaged blobs are refused by name and none is taken for another", () => {
  const sealed = sealChunk(chunkOf(Array.from({ length: 20 }, (_, i) => `message ${i}`)), primitives, pureCompression, randomFrom(2));
  const random = randomFrom(3);
  const kinds = new Map<string, number>();
  for (let i = 0; i < 10_000; i++) {
    const [high, low, bit, cut] = random.bytes(4) as unknown as [number, number, number, number];
    const at = ((high << 8) | low) % sealed.ciphertext.length;
    const ciphertext = cut < 32 ? sealed.ciphertext.slice(0, at) : sealed.ciphertext.slice();
    if (cut >= 32) ciphertext[at]! ^= 1 << (bit % 8);
    const opened = openChunk(ciphertext, { ...sealed, jobId: JOB_ID, index: 3 }, primitives, pureCompression);
    expect(opened.ok).toBe(false);
    if (!opened.ok) kinds.set(opened.error.kind, (kinds.get(opened.error.kind) ?? 0) + 1);
  }
  expect([...kinds.keys()]).toEqual(["wrong-hash"]);
});

test("a stream that unpacks to more, or less, than it says is refused", () => {
  const packed = pureCompression.deflateRaw(utf8("a".repeat(100_000)));
  expect(packed.length).toBeLessThan(1_000);
  expect(pureCompression.inflateRaw(packed, 1_000)).toBeUndefined();
  expect(pureCompression.inflateRaw(packed, 100_001)).toBeUndefined();
  expect(pureCompression.inflateRaw(packed, 100_000)?.length).toBe(100_000);
  expect(pureCompression.inflateRaw(packed.subarray(0, packed.length >> 1), 100_000)).toBeUndefined();
});
