/** What the gateway needs of whatever carries frames: a WebSocket, or an HTTP carrier that behaves like one. It cannot tell which it is. */

/** `readyState` of an open socket, as WebSockets number it. */
export const SOCKET_OPEN = 1;

export interface FrameSocket {
  readonly readyState: number;
  /** Given to `send` and not yet out of this process (WebSocket) or not yet acknowledged by the peer (HTTP). */
  readonly bufferedAmount: number;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "close" | "pong", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** `done` once it no longer counts as buffered, or with an error. */
  send(frame: Uint8Array, done: (error?: Error) => void): void;
  /** What was sent before still arrives; then the peer hears code and reason. */
  close(code: number, reason: string): void;
  terminate(): void;
  /** The peer's answer is `pong`. */
  ping(): void;
}

/** For metrics only. */
export type CarrierKind = "websocket" | "sse" | "poll";
