/** What the gateway needs of whatever carries frames: a WebSocket, or an HTTP carrier that behaves like one. It cannot tell which it is. */
import type { Bytes } from "@hawser/base";

/** `readyState` of an open socket, as WebSockets number it. */
export const SOCKET_OPEN = 1;

/** Hears what a socket hears. */
export interface SocketListener {
  /** One frame; its bytes are the listener's. */
  received(data: Bytes, isBinary: boolean): void;
  /** The peer has answered a ping. */
  alive(): void;
  /** Once, the last. */
  closed(): void;
}

export interface FrameSocket {
  readonly readyState: number;
  /** Given to `send` and not yet out of this process (WebSocket) or not yet acknowledged by the peer (HTTP). */
  readonly bufferedAmount: number;
  /** Called at most once, when the socket is taken over; one that is refused has no listener. */
  listen(listener: SocketListener): void;
  /** The bytes are only valid during the call. `done` once it no longer counts as buffered, or with an error. */
  send(frame: Uint8Array, done: (error?: Error | null) => void): void;
  /** What was sent before still arrives; then the peer hears code and reason. */
  close(code: number, reason: string): void;
  terminate(): void;
  /** The peer's answer makes it `alive`. */
  ping(): void;
}

/** For metrics only. */
export type CarrierKind = "websocket" | "sse" | "poll";
