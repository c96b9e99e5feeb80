/**
 * A WebSocket client for load, over a plain socket: it masks what it sends, as RFC 6455 asks of clients, and costs the
 * generator as little as possible, so that the server is what is measured.
 */
import { randomFillSync } from "node:crypto";
import { connect, type Socket } from "node:net";

const HANDSHAKE =
  "GET /v1/connect HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const BINARY = 0x82;
const CLOSE = 0x8;
const PING = 0x9;

/** Calls `frame` with each binary message; the bytes are only valid during the call. */
export interface RawEvents {
  opened?(): void;
  frame(frame: Buffer): void;
  closed?(): void;
}

export class RawClient {
  readonly #socket: Socket;
  readonly #events: RawEvents;
  #rest: Buffer | undefined = undefined;
  #upgraded = false;

  constructor(port: number, events: RawEvents) {
    this.#events = events;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("connect", () => this.#socket.write(HANDSHAKE));
    this.#socket.on("data", (data) => this.#received(data));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => this.#events.closed?.());
  }

  #received(data: Buffer): void {
    let bytes = this.#rest === undefined ? data : Buffer.concat([this.#rest, data]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = bytes;
        return;
      }
      if (!bytes.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) throw new Error("the server refused the upgrade");
      this.#upgraded = true;
      this.#events.opened?.();
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1]! & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length - at < head) break;
      const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length - at < head + size) break;
      this.#message(bytes[at]! & 0x0f, bytes.subarray(at + head, at + head + size));
      at += head + size;
    }
    if (at < bytes.length) this.#rest = at === 0 ? bytes : bytes.subarray(at);
  }

  #message(opcode: number, payload: Buffer): void {
    if (opcode === CLOSE) this.#socket.end();
    else if (opcode === PING) this.#socket.write(masked(0x8a, [payload]));
    else this.#events.frame(payload);
  }

  /** Sends one message made of several parts. */
  send(...parts: readonly Uint8Array[]): void {
    this.#socket.write(masked(BINARY, parts));
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

const masks = randomFillSync(Buffer.allocUnsafe(4_096));
let maskAt = 0;

function masked(first: number, parts: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const part of parts) size += part.length;
  const head = size < 126 ? 2 : size < 65_536 ? 4 : 10;
  const out = Buffer.allocUnsafe(head + 4 + size);
  out[0] = first;
  if (head === 2) out[1] = 0x80 | size;
  else if (head === 4) {
    out[1] = 0x80 | 126;
    out.writeUInt16BE(size, 2);
  } else {
    out[1] = 0x80 | 127;
    out.writeBigUInt64BE(BigInt(size), 2);
  }
  maskAt = (maskAt + 4) % masks.length;
  const [a, b, c, d] = [masks[maskAt]!, masks[maskAt + 1]!, masks[maskAt + 2]!, masks[maskAt + 3]!];
  out[head] = a;
  out[head + 1] = b;
  out[head + 2] = c;
  out[head + 3] = d;
  let at = head + 4;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  const start = head + 4;
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    out[start + i]! ^= a;
    out[start + i + 1]! ^= b;
    out[start + i + 2]! ^= c;
    out[start + i + 3]! ^= d;
  }
  const mask = [a, b, c, d];
  for (; i < size; i++) out[start + i]! ^= mask[i & 3]!;
  return out;
}
