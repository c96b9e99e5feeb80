/** Each side decodes only what the other side may send, and malformed protobuf is a value, not an exception. */
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  type ClientFrame,
  ClientHelloSchema,
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
  FRAME_TYPES,
  GoodbyeSchema,
  MAX_FRAME_BYTES,
  PushSchema,
  RequestSchema,
  ResponseSchema,
  type ServerFrame,
  ServerHelloSchema,
  WelcomeSchema,
} from "./index.ts";

const fromServer: ServerFrame[] = [
  {
    type: "server-hello",
    message: create(ServerHelloSchema, { nonce: new Uint8Array(32).fill(1), origin: "https://a.example", protocolMax: 1 }),
  },
  { type: "welcome", message: create(WelcomeSchema, { protocol: 1, device: { mailboxEpoch: 7, nextSequence: 9n } }) },
  { type: "goodbye", message: create(GoodbyeSchema, { error: 4, retryAfterMs: 100 }) },
  { type: "response", message: create(ResponseSchema, { id: 3, result: { case: "ping", value: { payload: new Uint8Array([1]) } } }) },
  { type: "push", message: create(PushSchema, { event: { case: "slowDown", value: { percent: 200 } } }) },
  { type: "batch", acks: [1, 2], deliveries: [] },
];
const fromClient: ClientFrame[] = [
  { type: "client-hello", message: create(ClientHelloSchema, { protocolMax: 1, platform: "sdk" }) },
  { type: "request", message: create(RequestSchema, { id: 3, operation: { case: "ping", value: { payload: new Uint8Array([1]) } } }) },
  { type: "cursor", sequence: 12 },
  {
    type: "send",
    request: 1,
    messageId: new Uint8Array(16),
    targets: [{ account: new Uint8Array(20), listNumber: 1, listHashPrefix: new Uint8Array(8), capsules: [] }],
    body: new Uint8Array(3),
  },
];

describe("frames", () => {
  test.each(fromServer)("$type from the server", (frame) => {
    expect(decodeServerFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame });
    expect(decodeClientFrame(encodeFrame(frame))).toEqual({ ok: false, error: { kind: "unknown-type", offset: 0 } });
  });

  test.each(fromClient)("$type from the client", (frame) => {
    expect(decodeClientFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame });
    expect(decodeServerFrame(encodeFrame(frame))).toEqual({ ok: false, error: { kind: "unknown-type", offset: 0 } });
  });

  test("nothing, too much and nonsense are typed errors", () => {
    expect(decodeClientFrame(new Uint8Array(0))).toEqual({ ok: false, error: { kind: "truncated", offset: 0 } });
    expect(decodeServerFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toEqual({
      ok: false,
      error: { kind: "too-large", offset: MAX_FRAME_BYTES },
    });
    expect(decodeClientFrame(new Uint8Array([FRAME_TYPES.request, 0xff]))).toEqual({ ok: false, error: { kind: "malformed", offset: 1 } });
  });

  test("fields of a newer version are ignored", () => {
    const known = encodeFrame(fromClient[0]!);
    // Field 1000, a varint.
    const newer = new Uint8Array([...known, 0xc0, 0x3e, 0x01]);
    const decoded = decodeClientFrame(newer);
    expect(decoded.ok && decoded.value.type === "client-hello" && decoded.value.message.platform).toBe("sdk");
  });
});
