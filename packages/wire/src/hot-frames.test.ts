/**
 * Invariants under test: what is encoded decodes to the same, here and through the protobuf mirror; whatever is accepted
 * encodes again to the same bytes; nothing from outside throws.
 */
import type { Bytes } from "@hawser/base";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HotBatchSchema, HotCursorSchema, HotSendSchema } from "./gen/hawser/v1/hot_pb.js";
import {
  type BatchFrame,
  decodeBatch,
  decodeClientFrame,
  decodeCursor,
  decodeSend,
  decodeServerFrame,
  encodeBatch,
  encodeCursor,
  encodeFrame,
  encodeSend,
  type FrameError,
  MAX_BODY_BYTES,
  MAX_CAPSULE_BYTES,
  MAX_FRAME_BYTES,
  type SendFrame,
} from "./index.ts";

const bytes = (sizeBytes: number): fc.Arbitrary<Bytes> => fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u53 = fc.maxSafeNat();

const sendFrame: fc.Arbitrary<SendFrame> = fc.record({
  request: u32,
  messageId: bytes(16),
  targets: fc.array(
    fc.record({
      account: bytes(20),
      listNumber: u32,
      listHashPrefix: bytes(8),
      capsules: fc.array(fc.record({ device: fc.integer({ min: 1, max: 0xffff_ffff }), bytes: fc.uint8Array({ maxLength: 200 }) }), {
        maxLength: 16,
      }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  body: fc.uint8Array({ maxLength: 2_000 }),
});

const batchFrame: fc.Arbitrary<BatchFrame> = fc.record({
  acks: fc.array(u32, { maxLength: 50 }),
  deliveries: fc.array(
    fc.record({
      sequence: u53,
      serverTimeMs: u53,
      senderAccount: bytes(20),
      senderDevice: u32,
      messageId: bytes(16),
      capsule: fc.uint8Array({ maxLength: 200 }),
      body: fc.uint8Array({ maxLength: 600 }),
    }),
    { maxLength: 8 },
  ),
});

/** The smallest SEND: one target without capsules, no body. */
const smallSend: SendFrame = {
  request: 7,
  messageId: new Uint8Array(16).fill(1),
  targets: [{ account: new Uint8Array(20).fill(2), listNumber: 3, listHashPrefix: new Uint8Array(8).fill(4), capsules: [] }],
  body: new Uint8Array(0),
};

describe("round trips", () => {
  test("SEND", () => {
    // A block: what a matcher answers is no verdict.
    fc.assert(
      fc.property(sendFrame, (frame) => {
        expect(decodeSend(encodeSend(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  test("BATCH", () => {
    fc.assert(
      fc.property(batchFrame, (frame) => {
        expect(decodeBatch(encodeBatch(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  test("CURSOR, up to 2^53 − 1", () => {
    fc.assert(
      fc.property(u53, (sequence) => {
        expect(decodeCursor(encodeCursor(sequence))).toEqual({ ok: true, value: sequence });
      }),
    );
    expect(decodeCursor(encodeCursor(Number.MAX_SAFE_INTEGER))).toEqual({ ok: true, value: Number.MAX_SAFE_INTEGER });
  });

  test("decoding works on a view that does not begin at its buffer's start", () => {
    const frame = encodeSend({ ...smallSend, body: new Uint8Array([9, 8, 7]) });
    const shifted = new Uint8Array(frame.length + 13);
    shifted.set(frame, 11);
    expect(decodeSend(shifted.subarray(11, 11 + frame.length))).toEqual(decodeSend(frame));
  });
});

describe("the schema says the same as the bytes", () => {
  test("SEND", () => {
    fc.assert(
      fc.property(sendFrame, (frame) => {
        const mirror = fromBinary(HotSendSchema, toBinary(HotSendSchema, create(HotSendSchema, frame as never)));
        const { request, messageId, body } = mirror;
        const targets = mirror.targets.map((target) => ({
          account: target.account,
          listNumber: target.listNumber,
          listHashPrefix: target.listHashPrefix,
          capsules: target.capsules.map((capsule) => ({ device: capsule.device, bytes: capsule.bytes })),
        }));
        expect(decodeSend(encodeSend(frame))).toEqual({ ok: true, value: { request, messageId, targets, body } });
      }),
    );
  });

  test("BATCH and CURSOR", () => {
    fc.assert(
      fc.property(batchFrame, u53, (frame, cursor) => {
        const deliveries = frame.deliveries.map((delivery) => ({
          ...delivery,
          sequence: BigInt(delivery.sequence),
          serverTimeMs: BigInt(delivery.serverTimeMs),
        }));
        const mirror = fromBinary(HotBatchSchema, toBinary(HotBatchSchema, create(HotBatchSchema, { acks: [...frame.acks], deliveries })));
        const back = mirror.deliveries.map(({ $typeName: _name, ...delivery }) => ({
          ...delivery,
          sequence: Number(delivery.sequence),
          serverTimeMs: Number(delivery.serverTimeMs),
        }));
        expect(decodeBatch(encodeBatch(frame))).toEqual({ ok: true, value: { acks: mirror.acks, deliveries: back } });
        const cursorMirror = fromBinary(HotCursorSchema, toBinary(HotCursorSchema, create(HotCursorSchema, { sequence: BigInt(cursor) })));
        expect(decodeCursor(encodeCursor(cursor))).toEqual({ ok: true, value: Number(cursorMirror.sequence) });
      }),
    );
  });
});

describe("the bytes themselves", () => {
  test("are those of the specification", () => {
    const send = encodeSend({
      request: 0x01020304,
      messageId: new Uint8Array(16).fill(0xaa),
      targets: [
        {
          account: new Uint8Array(20).fill(0xbb),
          listNumber: 5,
          listHashPrefix: new Uint8Array(8).fill(0xcc),
          capsules: [{ device: 6, bytes: new Uint8Array([0xdd]) }],
        },
      ],
      body: new Uint8Array([0xee, 0xff]),
    });
    expect(Buffer.from(send).toString("hex")).toBe(
      `1001020304${"aa".repeat(16)}01${"bb".repeat(20)}00000005${"cc".repeat(8)}01000000060001dd00000002eeff`,
    );
    const delivery = {
      sequence: 2 ** 32 + 1,
      serverTimeMs: 3,
      senderAccount: new Uint8Array(20).fill(0xbb),
      senderDevice: 4,
      messageId: new Uint8Array(16).fill(0xaa),
      capsule: new Uint8Array([0xdd]),
      body: new Uint8Array([0xee]),
    };
    expect(Buffer.from(encodeBatch({ acks: [9], deliveries: [delivery] })).toString("hex")).toBe(
      `2000010000000900010000000100000001${"00".repeat(7)}03${"bb".repeat(20)}00000004${"aa".repeat(16)}0001dd00000001ee`,
    );
    expect(Buffer.from(encodeCursor(2 ** 32 + 2)).toString("hex")).toBe("110000000100000002");
  });
});

describe("refusals", () => {
  const refused = (frame: Bytes): FrameError | undefined => {
    const result = decodeSend(frame);
    return result.ok ? undefined : result.error;
  };
  const changed = (offset: number, ...values: number[]): Bytes => {
    const frame = encodeSend(smallSend);
    frame.set(values, offset);
    return frame;
  };

  test("every cut is truncated, at a place inside the frame; one byte more is trailing", () => {
    const frame = encodeSend({ ...smallSend, body: new Uint8Array(5) });
    for (let size = 0; size < frame.length; size++) {
      const error = refused(frame.subarray(0, size));
      expect(error?.kind, `cut at ${size}`).toBe("truncated");
      expect(error?.offset).toBeLessThanOrEqual(size);
    }
    expect(refused(new Uint8Array([...frame, 0]))).toEqual({ kind: "trailing-bytes", offset: frame.length });
  });

  test("bounds are checked before anything is read, and the error names the byte", () => {
    expect(refused(changed(21, 0))).toEqual({ kind: "malformed", offset: 21 });
    expect(refused(changed(21, 65))).toEqual({ kind: "limit", offset: 21 });
    expect(refused(changed(54, 17))).toEqual({ kind: "limit", offset: 54 });
    expect(refused(changed(55, 0, 4, 0, 1))).toEqual({ kind: "too-large", offset: 55 });
    expect(refused(changed(0, 0x12))).toEqual({ kind: "unknown-type", offset: 0 });
    const withCapsule = encodeSend({
      ...smallSend,
      targets: [{ ...smallSend.targets[0]!, capsules: [{ device: 1, bytes: new Uint8Array(1) }] }],
    });
    withCapsule.set([0, 0, 0, 0], 55);
    expect(refused(withCapsule)).toEqual({ kind: "malformed", offset: 55 });
    withCapsule.set([0, 0, 0, 1, 0x10, 0x01], 55);
    expect(refused(withCapsule)).toEqual({ kind: "too-large", offset: 59 });
    expect(refused(new Uint8Array(MAX_FRAME_BYTES + 1).fill(0x10))).toEqual({ kind: "too-large", offset: MAX_FRAME_BYTES });
    const cursor = encodeCursor(1);
    cursor.set([0x00, 0x20], 1);
    expect(decodeCursor(cursor)).toEqual({ ok: false, error: { kind: "malformed", offset: 1 } });
  });

  test("the writer refuses what the reader would", () => {
    expect(() => encodeSend({ ...smallSend, targets: [] })).toThrow(/targets/);
    expect(() => encodeSend({ ...smallSend, body: new Uint8Array(MAX_BODY_BYTES + 1) })).toThrow(/too large/);
    const capsules = [{ device: 1, bytes: new Uint8Array(MAX_CAPSULE_BYTES + 1) }];
    expect(() => encodeSend({ ...smallSend, targets: [{ ...smallSend.targets[0]!, capsules }] })).toThrow(/too large/);
    expect(() => encodeCursor(2 ** 53)).toThrow(/range/);
    expect(() => encodeCursor(-1)).toThrow(/range/);
  });
});

test("10,000 mutated frames: none throws, and whatever is accepted encodes again to the same bytes", () => {
  let accepted = 0;
  const mutation = fc.record({
    kind: fc.constantFrom("flip", "set", "cut", "insert", "copy"),
    at: fc.nat(),
    to: fc.nat(),
    value: fc.integer({ min: 0, max: 255 }),
  });
  const seedFrame = fc.oneof(
    sendFrame.map((frame) => encodeSend(frame)),
    batchFrame.map((frame) => encodeBatch(frame)),
    u53.map((sequence) => encodeCursor(sequence)),
    fc.uint8Array({ maxLength: 64 }),
  );
  fc.assert(
    fc.property(seedFrame, fc.array(mutation, { minLength: 1, maxLength: 4 }), (original, mutations) => {
      const frame = mutations.reduce<Bytes>((mutated, change) => mutate(mutated, change), original);
      for (const decode of [decodeClientFrame, decodeServerFrame]) {
        const result = decode(frame);
        if (result.ok && ["send", "cursor", "batch"].includes(result.value.type)) {
          accepted++;
          expect(encodeFrame(result.value)).toEqual(frame);
        } else if (!result.ok) {
          expect(result.error.offset).toBeGreaterThanOrEqual(0);
          expect(result.error.offset).toBeLessThanOrEqual(Math.max(frame.length, MAX_FRAME_BYTES));
        }
      }
    }),
    { numRuns: 10_000, seed: 20_261_122 },
  );
  // Otherwise the property above would have looked at nothing.
  expect(accepted).toBeGreaterThan(1_000);
});

function mutate(frame: Bytes, change: { kind: string; at: number; to: number; value: number }): Bytes {
  if (frame.length === 0) return new Uint8Array([change.value]);
  const at = change.at % frame.length;
  const out = Uint8Array.from(frame);
  switch (change.kind) {
    case "flip":
      out[at]! ^= 1 << (change.value % 8);
      return out;
    case "set":
      out[at] = change.value;
      return out;
    case "cut":
      return out.subarray(0, at);
    case "insert":
      return new Uint8Array([...frame.subarray(0, at), change.value, ...frame.subarray(at)]);
    default:
      out.set(frame.subarray(at, at + 8), Math.min(change.to % frame.length, frame.length - Math.min(8, frame.length - at)));
      return out;
  }
}
