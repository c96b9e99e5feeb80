/**
 * The client's WebSocket transport in a browser. Never throws: whatever goes wrong ends in `closed`, exactly once.
 * A browser leaves a hanging upgrade in CONNECTING for minutes; the session's own connect deadline calls `close`, and this
 * transport then reports at once instead of waiting for the socket.
 */
import type { Bytes, FrameConnection, FrameConnectionEvents, Transport } from "@hawser/base";
import { MAX_FRAME_BYTES } from "@hawser/wire";

/** RFC 6455 §7.4.1: closed without a word. */
const ABNORMAL_CLOSURE = 1006;
/** RFC 6455 §7.4.1: a kind of data that is not spoken here. */
const UNSUPPORTED_DATA = 1003;
/** RFC 6455 §7.4.1: a message too big to process. */
const TOO_BIG = 1009;
/** What a page may say when it closes; other codes are the browser's own. */
const isSayable = (code: number): boolean => code === 1000 || (code >= 3000 && code <= 4999);

/** `url` passed to `open` is `ws:`, `wss:`, `http:` or `https:`. */
export function webSocketTransport(): Transport {
  return { kind: "websocket", open: openConnection };
}

function openConnection(url: string, events: FrameConnectionEvents): FrameConnection {
  let over = false;
  const finish = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    events.closed(code, reason);
  };

  let socket: WebSocket;
  try {
    socket = new WebSocket(url.replace(/^http/, "ws"));
  } catch {
    queueMicrotask(() => finish(ABNORMAL_CLOSURE, "the address is not valid"));
    return { send: () => undefined, bufferedBytes: 0, close: () => undefined };
  }
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    if (!over) events.opened();
  });
  socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => {
    if (over) return;
    const tooBig = typeof data !== "string" && data.byteLength > MAX_FRAME_BYTES;
    if (typeof data === "string" || tooBig) {
      socket.close();
      finish(tooBig ? TOO_BIG : UNSUPPORTED_DATA, tooBig ? "frame too large" : "text is not spoken here");
    } else events.frame(new Uint8Array(data));
  });
  // `close` always follows `error`, and says nothing more about the cause.
  socket.addEventListener("close", (event) => finish(event.code, event.reason));

  return {
    send(frame: Bytes): void {
      if (!over && socket.readyState === WebSocket.OPEN) socket.send(frame as Uint8Array<ArrayBuffer>);
    },
    get bufferedBytes(): number {
      return socket.bufferedAmount;
    },
    close(code: number, reason: string): void {
      if (isSayable(code)) socket.close(code, reason.slice(0, 40));
      else socket.close();
      queueMicrotask(() => finish(code, reason));
    },
  };
}
