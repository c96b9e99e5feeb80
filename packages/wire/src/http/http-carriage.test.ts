/** The forms of frames over HTTP: whatever is written is read back, in whatever pieces it arrives; everything else is refused. */
import { utf8 } from "@hawser/base";
import { expect, test } from "vitest";
import { MAX_FRAME_BYTES } from "../limits.ts";
import { createStreamReader, encodeStreamEvent, STREAM_PADDING, type StreamEvent } from "./event-stream.ts";
import { decodeDownRecords, decodeUpBody, type DownRecord, encodeDownRecord, encodeUpBody } from "./records.ts";

const frames = [Uint8Array.of(1), new Uint8Array(0), new Uint8Array(70_000).map((_, i) => i), Uint8Array.of(255, 0, 10, 13)];
const records: DownRecord[] = [
  ...frames.map((frame, i): DownRecord => ({ kind: "frame", number: i + 1, frame })),
  { kind: "end", code: 4300, reason: "DEVICE_REVOKED" },
];

test("bodies: read back, and refused at every cut", () => {
  expect(decodeUpBody(encodeUpBody(frames))).toEqual({ ok: true, value: frames });
  const body = records.map(encodeDownRecord);
  const whole = Buffer.concat(body);
  expect(decodeDownRecords(new Uint8Array(whole))).toEqual({ ok: true, value: records });
  const boundaries = new Set(body.map((_, i) => Buffer.concat(body.slice(0, i)).length));
  for (let cut = 0; cut < 40; cut++) expect(decodeDownRecords(new Uint8Array(whole.subarray(0, cut))).ok).toBe(boundaries.has(cut));
  const tooLarge = Uint8Array.of(0, 0x10, 0, 1, 9);
  expect(decodeUpBody(tooLarge)).toEqual({ ok: false, error: { kind: "too-large", offset: 0 } });
});

test("streams: read back in pieces of any size", () => {
  const events: StreamEvent[] = [
    { kind: "open", id: new Uint8Array(16).fill(7) },
    ...records.filter((record) => record.kind === "end" || record.frame.length > 0),
  ];
  const text = STREAM_PADDING + events.map(encodeStreamEvent).join(":\n\n");
  for (const size of [1, 7, 4_096, text.length]) {
    const reader = createStreamReader();
    const read: StreamEvent[] = [];
    for (let at = 0; at < text.length; at += size) {
      const result = reader.read(utf8(text.slice(at, at + size)));
      if (!result.ok) throw new Error(result.error);
      read.push(...result.value);
    }
    expect(read).toEqual(events);
  }
});

test.each([
  ["an id of another length", "event: open\ndata: 00\n\n", "malformed"],
  ["a frame without a number", "data: AQ\n\n", "malformed"],
  ["a number that is none", "id: 0\ndata: AQ\n\n", "malformed"],
  ["another alphabet", "id: 1\ndata: A+/=\n\n", "malformed"],
  ["an end without a code", "event: end\ndata: bye\n\n", "malformed"],
  ["a line without end", `id: 1\ndata: ${"A".repeat(Math.ceil((MAX_FRAME_BYTES * 4) / 3) + 64)}`, "too-large"],
])("a stream with %s is refused", (_name, text, error) => {
  expect(createStreamReader().read(utf8(text))).toEqual({ ok: false, error });
});

test("events of a later version are passed over", () => {
  const later = "event: news\ndata: x\nretry: 5\n\n" + encodeStreamEvent(records[0]!);
  expect(createStreamReader().read(utf8(later))).toEqual({ ok: true, value: [records[0]] });
});
