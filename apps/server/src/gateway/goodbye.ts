/** Ends a connection with a typed reason. docs/ERRORS.md: the close code repeats the class. */
import { create } from "@bufbuild/protobuf";
import { CLOSE_CODES, ERROR_CODES, type ErrorName, type FrameError, GoodbyeSchema, encodeFrame, type SignedDeviceList } from "@hawser/wire";
import { ignoreWriteError } from "./connection.ts";
import type { FrameSocket } from "./frame-socket.ts";

export interface GoodbyeReason {
  readonly error: ErrorName;
  readonly retryAfterMs?: number;
  /** Only with DEVICE_REVOKED: the signed proof. */
  readonly revokingList?: SignedDeviceList;
}

export function sayGoodbye(socket: FrameSocket, reason: GoodbyeReason): void {
  const { code, class: errorClass } = ERROR_CODES[reason.error];
  const message = create(GoodbyeSchema, {
    error: code,
    retryAfterMs: Math.max(0, Math.round(reason.retryAfterMs ?? 0)),
    ...(reason.revokingList === undefined ? {} : { revokingList: reason.revokingList }),
  });
  socket.send(encodeFrame({ type: "goodbye", message }), ignoreWriteError);
  socket.close(CLOSE_CODES[errorClass], reason.error);
}

export function frameErrorName(error: FrameError): ErrorName {
  switch (error.kind) {
    case "too-large":
      return "FRAME_TOO_LARGE";
    case "limit":
      return "LIMIT_EXCEEDED";
    case "unknown-type":
      return "UNKNOWN_FRAME";
    default:
      return "MALFORMED_FRAME";
  }
}
