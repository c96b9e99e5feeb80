/**
 * One connection over plain HTTP, the server's end: a socket to the gateway, numbered frames to the requests. Invariants: what goes down is
 * kept until the client has acknowledged it, and nothing is handed to the gateway twice or out of order; one request at a time carries what
 * goes down, a newer one takes over; one that nobody asks for any more ends. docs/PROTOCOL.md, "Without WebSockets".
 */
import type { Bytes } from "@hawser/base";
import { type CarrierKind, type FrameSocket, SOCKET_OPEN, type SocketListener } from "../gateway/index.ts";

const CLOSING = 2;
const CLOSED = 3;

export interface DownFrame {
  readonly number: number;
  readonly frame: Bytes;
}

/** The request that carries frames down at present. */
export interface Downlink {
  /** Everything that waits, and then whatever comes while it lasts. What does not fit is left to the next request. */
  write(frames: readonly DownFrame[]): void;
  /** Behind all frames. */
  end(code: number, reason: string): void;
  /** Something must cross the wire, so that both sides know that it holds. */
  stir(): void;
  /** Another request has taken over, or the connection is gone. */
  drop(): void;
}

interface Kept extends DownFrame {
  readonly done: (error?: Error) => void;
}

export class HttpCarrier implements FrameSocket {
  readonly id: string;
  readonly kind: Exclude<CarrierKind, "websocket">;
  readyState = SOCKET_OPEN;
  bufferedAmount = 0;
  /** On the table's clock: when a request was last there. */
  askedMs: number;
  readonly #kept: Kept[] = [];
  #next = 1;
  /** The newest frame from the client. */
  #received = 0;
  #downlink: Downlink | undefined;
  #end: { readonly code: number; readonly reason: string } | undefined;
  #listener: SocketListener | undefined;
  readonly #gone: () => void;

  constructor(id: string, kind: Exclude<CarrierKind, "websocket">, nowMs: number, gone: () => void) {
    this.#gone = gone;
    this.id = id;
    this.kind = kind;
    this.askedMs = nowMs;
  }

  get attached(): boolean {
    return this.#downlink !== undefined;
  }

  // The gateway's side.

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(frame: Uint8Array, done: (error?: Error) => void): void {
    if (this.readyState !== SOCKET_OPEN) return done(new Error("not open"));
    const kept = { number: this.#next++, frame: Uint8Array.from(frame), done };
    this.#kept.push(kept);
    this.bufferedAmount += frame.length;
    this.#downlink?.write([kept]);
  }

  close(code: number, reason: string): void {
    if (this.readyState !== SOCKET_OPEN) return;
    this.readyState = CLOSING;
    this.#end = { code, reason };
    this.#downlink?.end(code, reason);
  }

  terminate(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#downlink?.drop();
    this.#downlink = undefined;
    for (const { done } of this.#kept.splice(0)) done(new Error("terminated"));
    this.bufferedAmount = 0;
    this.#gone();
    this.#listener?.closed();
  }

  ping(): void {
    this.#downlink?.stir();
  }

  // The requests' side.

  /** Frames from the client, the first of them numbered `first`. False when one before them is missing. */
  receive(first: number, frames: readonly Bytes[]): boolean {
    if (first > this.#received + 1) return false;
    for (const frame of frames.slice(this.#received + 1 - first)) {
      this.#received++;
      if (this.readyState === SOCKET_OPEN) this.#listener?.received(frame, true);
    }
    return true;
  }

  /** The client has everything up to `number`. False when it was never sent that. */
  acknowledge(number: number): boolean {
    if (number >= this.#next) return false;
    let released = 0;
    while (released < this.#kept.length && this.#kept[released]!.number <= number) released++;
    for (const { frame, done } of this.#kept.splice(0, released)) {
      this.bufferedAmount -= frame.length;
      done();
    }
    return true;
  }

  /** A request was there: the client lives. */
  heard(nowMs: number): void {
    this.askedMs = nowMs;
    this.#listener?.alive();
  }

  /** From here on this request carries what goes down. Frames that are not acknowledged are written again. */
  attach(downlink: Downlink): void {
    this.#downlink?.drop();
    this.#downlink = downlink;
    if (this.#kept.length > 0) downlink.write(this.#kept);
    if (this.#end !== undefined) downlink.end(this.#end.code, this.#end.reason);
  }

  detach(downlink: Downlink, nowMs: number): void {
    if (this.#downlink !== downlink) return;
    this.#downlink = undefined;
    this.askedMs = nowMs;
  }
}
