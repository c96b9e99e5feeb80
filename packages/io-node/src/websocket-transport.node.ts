/** The client's WebSocket transport over `ws`. Never throws: whatever goes wrong ends in `closed`, exactly once. */
import type { Bytes, FrameConnection, FrameConnectionEvents, Transport } from "@hawser/base";
import { MAX_FRAME_BYTES } from "@hawser/wire";
import { WebSocket } from "ws";

export interface WebSocketTransportOptions {
  /** A certificate authority in PEM, for servers with a certificate of their own making. */
  readonly certificateAuthority?: string;
  /** The handshake's deadline; the caller's own deadline may be shorter. Default 20 s. */
  readonly handshakeTimeoutMs?: number;
}

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 20_000;
/** After asking for a close, how long the peer has to agree before the socket is torn down. */
const CLOSE_TIMEOUT_MS = 2_000;
/** RFC 6455 §7.4.1: closed without a word. */
const ABNORMAL_CLOSURE = 1006;
/** RFC 6455 §5.5: a control frame's payload is at most 125 bytes, two of them are the code. */
const MAX_CLOSE_REASON_BYTES = 123;

/** `url` passed to `open` is `ws:`, `wss:`, `http:` or `https:`. */
export function webSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  return {
    kind: "websocket",
    open: (url, events) => openConnection(url, events, options),
  };
}

function openConnection(url: string, events: FrameConnectionEvents, options: WebSocketTransportOptions): FrameConnection {
  let over = false;
  const finish = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    events.closed(code, reason);
  };

  let socket: WebSocket;
  try {
    socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
      followRedirects: false,
      ...(options.certificateAuthority === undefined ? {} : { ca: options.certificateAuthority }),
    });
  } catch {
    queueMicrotask(() => finish(ABNORMAL_CLOSURE, "the address is not valid"));
    return { send: () => undefined, bufferedBytes: 0, close: () => undefined };
  }

  socket.on("open", () => {
    if (!over) events.opened();
  });
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (over) return;
    if (isBinary) events.frame(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else socket.close(1003, "text is not spoken here");
  });
  // `close` always follows `error`; the reason is kept for the report of which hop blocks.
  let failure = "";
  socket.on("error", (error) => {
    failure = describe(error);
  });
  socket.on("close", (code, reason) => finish(code, reason.length > 0 ? reason.toString("utf8") : failure));

  return {
    send(frame: Bytes): void {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame, ignoreSendError);
    },
    get bufferedBytes(): number {
      return socket.bufferedAmount;
    },
    close(code: number, reason: string): void {
      if (socket.readyState === WebSocket.CLOSED) return;
      if (socket.readyState === WebSocket.CONNECTING) {
        socket.terminate();
        return;
      }
      socket.close(code, Buffer.from(reason, "utf8").subarray(0, MAX_CLOSE_REASON_BYTES).toString("utf8"));
      setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref();
    },
  };
}

/** A failed write is followed by `close`, which says everything the caller needs. */
function ignoreSendError(): void {}

function describe(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code ?? error.message;
}
