/**
 * One WebSocket message is one frame: a type byte, then a protobuf message or a hand-written body.
 * docs/PROTOCOL.md, "Frames". Each side decodes only the frames the other side may send.
 */
import { type Bytes, err, ok, type Result } from "@hawser/base";
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { FRAME_TYPES, type FrameError } from "./frame-error.ts";
import {
  type ClientHello,
  ClientHelloSchema,
  type Goodbye,
  GoodbyeSchema,
  type Push,
  PushSchema,
  type Request,
  RequestSchema,
  type Response,
  ResponseSchema,
  type ServerHello,
  ServerHelloSchema,
  type Welcome,
  WelcomeSchema,
} from "./gen/hawser/v1/rpc_pb.js";
import {
  type BatchFrame,
  decodeBatch,
  decodeCursor,
  decodeSend,
  type Delivery,
  encodeBatch,
  encodeCursor,
  encodeSend,
  type SendFrame,
} from "./hot-frames.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";

export type ServerFrame =
  | { readonly type: "server-hello"; readonly message: ServerHello }
  | { readonly type: "welcome"; readonly message: Welcome }
  | { readonly type: "goodbye"; readonly message: Goodbye }
  | { readonly type: "response"; readonly message: Response }
  | { readonly type: "push"; readonly message: Push }
  | { readonly type: "batch"; readonly acks: readonly number[]; readonly deliveries: readonly Delivery[] };

export type ClientFrame =
  | { readonly type: "client-hello"; readonly message: ClientHello }
  | { readonly type: "request"; readonly message: Request }
  | ({ readonly type: "send" } & SendFrame)
  | { readonly type: "cursor"; readonly sequence: number };

export function encodeFrame(frame: ServerFrame | ClientFrame): Bytes {
  switch (frame.type) {
    case "server-hello":
      return withType(FRAME_TYPES.serverHello, toBinary(ServerHelloSchema, frame.message));
    case "client-hello":
      return withType(FRAME_TYPES.clientHello, toBinary(ClientHelloSchema, frame.message));
    case "welcome":
      return withType(FRAME_TYPES.welcome, toBinary(WelcomeSchema, frame.message));
    case "goodbye":
      return withType(FRAME_TYPES.goodbye, toBinary(GoodbyeSchema, frame.message));
    case "request":
      return withType(FRAME_TYPES.request, toBinary(RequestSchema, frame.message));
    case "response":
      return withType(FRAME_TYPES.response, toBinary(ResponseSchema, frame.message));
    case "push":
      return withType(FRAME_TYPES.push, toBinary(PushSchema, frame.message));
    case "send":
      return encodeSend(frame);
    case "cursor":
      return encodeCursor(frame.sequence);
    case "batch":
      return encodeBatch(frame);
  }
}

/**
 * For clients. An unknown type gives `unknown-type`, which clients ignore: a newer server may say more. The byte fields
 * of a batch are views into `bytes`.
 */
export function decodeServerFrame(bytes: Bytes): Result<ServerFrame, FrameError> {
  const refused = checkSize(bytes);
  if (refused !== undefined) return err(refused);
  switch (bytes[0]) {
    case FRAME_TYPES.serverHello:
      return parsed(bytes, ServerHelloSchema, (message) => ({ type: "server-hello", message }));
    case FRAME_TYPES.welcome:
      return parsed(bytes, WelcomeSchema, (message) => ({ type: "welcome", message }));
    case FRAME_TYPES.goodbye:
      return parsed(bytes, GoodbyeSchema, (message) => ({ type: "goodbye", message }));
    case FRAME_TYPES.response:
      return parsed(bytes, ResponseSchema, (message) => ({ type: "response", message }));
    case FRAME_TYPES.push:
      return parsed(bytes, PushSchema, (message) => ({ type: "push", message }));
    case FRAME_TYPES.batch: {
      const batch: Result<BatchFrame, FrameError> = decodeBatch(bytes);
      return batch.ok ? ok({ type: "batch", acks: batch.value.acks, deliveries: batch.value.deliveries }) : batch;
    }
    default:
      return err({ kind: "unknown-type", offset: 0 });
  }
}

/** For servers. The byte fields of a SEND are views into `bytes`. */
export function decodeClientFrame(bytes: Bytes): Result<ClientFrame, FrameError> {
  const refused = checkSize(bytes);
  if (refused !== undefined) return err(refused);
  switch (bytes[0]) {
    case FRAME_TYPES.clientHello:
      return parsed(bytes, ClientHelloSchema, (message) => ({ type: "client-hello", message }));
    case FRAME_TYPES.request:
      return parsed(bytes, RequestSchema, (message) => ({ type: "request", message }));
    case FRAME_TYPES.send: {
      const send = decodeSend(bytes);
      return send.ok ? ok({ type: "send", ...send.value }) : send;
    }
    case FRAME_TYPES.cursor: {
      const cursor = decodeCursor(bytes);
      return cursor.ok ? ok({ type: "cursor", sequence: cursor.value }) : cursor;
    }
    default:
      return err({ kind: "unknown-type", offset: 0 });
  }
}

function checkSize(bytes: Bytes): FrameError | undefined {
  if (bytes.length === 0) return { kind: "truncated", offset: 0 };
  return bytes.length > MAX_FRAME_BYTES ? { kind: "too-large", offset: MAX_FRAME_BYTES } : undefined;
}

function withType(type: number, body: Bytes): Bytes {
  const frame = new Uint8Array(1 + body.length);
  frame[0] = type;
  frame.set(body, 1);
  return frame;
}

/** The protobuf runtime throws on malformed input; here it becomes a value. */
function parsed<T extends Message, F>(bytes: Bytes, schema: GenMessage<T>, wrap: (message: T) => F): Result<F, FrameError> {
  let message: T;
  try {
    message = fromBinary(schema, bytes.subarray(1));
  } catch {
    return err({ kind: "malformed", offset: 1 });
  }
  return ok(wrap(message));
}
