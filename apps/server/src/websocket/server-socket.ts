/**
 * A WebSocket connection over the stream that an upgrade left. Kept small, because most connections are idle: no closures, no streams of
 * its own. Invariants: nothing is written after a Close; a peer that does not go when the connection is closed is cut off; answers to
 * pings do not pile up for a peer that does not read.
 */
import type { Duplex } from "node:stream";
import type { Bytes } from "@hawser/base";
import { type FrameSocket, SOCKET_OPEN, type SocketListener } from "../gateway/index.ts";
import { CLOSE_PROTOCOL_ERROR, type FrameListener, FrameReader } from "./frame-reader.ts";
import { frameOf, OPCODES } from "./frame-writer.ts";

const CLOSING = 2;
const CLOSED = 3;
/** How long the peer may take to answer a Close. */
const CLOSE_TIMEOUT_MS = 10_000;
/** With more than this on its way, a ping stays without an answer. */
const MAX_BUFFERED_FOR_PONG_BYTES = 65_536;
const MAX_REASON_BYTES = 123;
const EMPTY = new Uint8Array(0);

const OWNER = Symbol("websocket");
type OwnedStream = Duplex & { [OWNER]?: ServerSocket };

export class ServerSocket implements FrameSocket, FrameListener {
  readonly #stream: OwnedStream;
  readonly #reader: FrameReader;
  #listener: SocketListener | undefined;
  readyState = SOCKET_OPEN;
  #closeSent = false;
  #closeHeard = false;
  #cutOff: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, maxMessageBytes: number) {
    this.#stream = stream;
    this.#reader = new FrameReader(maxMessageBytes);
    this.#stream[OWNER] = this;
    stream.on("data", onData).on("end", onEnd).on("close", onClose);
  }

  /** What came behind the handshake in the same packet. */
  begin(head: Buffer): void {
    if (head.length > 0) this.#reader.read(head, this);
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength;
  }

  send(frame: Uint8Array, done: (error?: Error | null) => void): void {
    if (this.readyState === SOCKET_OPEN) this.#stream.write(frameOf(OPCODES.binary, frame), done);
    else done(new Error("not open"));
  }

  ping(): void {
    if (this.readyState === SOCKET_OPEN) this.#stream.write(frameOf(OPCODES.ping, EMPTY));
  }

  close(code: number, reason: string): void {
    if (this.readyState !== SOCKET_OPEN) return;
    const text = Buffer.from(reason, "utf8").subarray(0, MAX_REASON_BYTES);
    this.#sendClose(Buffer.from([code >>> 8, code, ...text]));
  }

  terminate(): void {
    this.#stream.destroy();
  }

  #sendClose(payload: Uint8Array): void {
    this.readyState = CLOSING;
    this.#closeSent = true;
    this.#stream.write(frameOf(OPCODES.close, payload));
    if (this.#closeHeard) this.#stream.end();
    this.#cutOff ??= setTimeout(terminate, CLOSE_TIMEOUT_MS, this);
  }

  message(data: Bytes, isBinary: boolean): void {
    this.#listener?.received(data, isBinary);
  }

  control(opcode: number, payload: Bytes): void {
    if (opcode === OPCODES.pong) this.#listener?.alive();
    else if (opcode === OPCODES.close) this.#closing(payload);
    else if (this.readyState === SOCKET_OPEN && this.bufferedAmount <= MAX_BUFFERED_FOR_PONG_BYTES)
      this.#stream.write(frameOf(OPCODES.pong, payload));
  }

  /** The peer says goodbye: it gets its code back. */
  #closing(payload: Bytes): void {
    this.#reader.end();
    this.#closeHeard = true;
    if (this.#closeSent) this.#stream.end();
    else if (payload.length === 0) this.#sendClose(EMPTY);
    else this.#sendClose(isCloseCode(payload) ? payload.subarray(0, 2) : codeBytes(CLOSE_PROTOCOL_ERROR));
  }

  violation(closeCode: number): void {
    // Whatever follows cannot be understood: there is no answer to wait for.
    this.#closeHeard = true;
    if (this.#closeSent) this.#stream.end();
    else this.#sendClose(codeBytes(closeCode));
  }

  streamData(chunk: Buffer): void {
    this.#reader.read(chunk, this);
  }

  streamEnded(): void {
    if (this.readyState === SOCKET_OPEN) this.readyState = CLOSING;
    this.#stream.end();
  }

  streamClosed(): void {
    clearTimeout(this.#cutOff);
    this.readyState = CLOSED;
    this.#reader.end();
    this.#listener?.closed();
    this.#listener = undefined;
  }
}

const codeBytes = (code: number): Uint8Array => Uint8Array.of(code >>> 8, code);

/** Codes that may stand in a frame (RFC 6455, section 7.4). */
function isCloseCode(payload: Bytes): boolean {
  if (payload.length < 2) return false;
  const code = (payload[0]! << 8) | payload[1]!;
  return (code >= 1_000 && code <= 1_014 && code !== 1_004 && code !== 1_005 && code !== 1_006) || (code >= 3_000 && code <= 4_999);
}

function terminate(socket: ServerSocket): void {
  socket.terminate();
}

// Shared by all connections: a closure for each would cost more than the connection's own state.
function onData(this: OwnedStream, chunk: Buffer): void {
  this[OWNER]?.streamData(chunk);
}
function onEnd(this: OwnedStream): void {
  this[OWNER]?.streamEnded();
}
function onClose(this: OwnedStream): void {
  this[OWNER]?.streamClosed();
}
