/**
 * A local socket as the message port that `serveWorkerClient` and `connectWorkerClient` speak through. A frame is u32 length ‖ a
 * structured clone (`node:v8`). Invariant: a peer that sends too much, or does not read, is cut off; memory stays bounded.
 */
import type { Socket } from "node:net";
import { deserialize, serialize } from "node:v8";
import type { PortLike } from "@hawser/sdk";

/** A read of a file crosses in pieces of at most 16 MiB; everything else is far smaller. */
export const MAX_CONTROL_FRAME_BYTES = 20 * 1_048_576;
const MAX_UNREAD_BYTES = 64 * 1_048_576;
const HEADER_BYTES = 4;

export function socketPort(socket: Socket): PortLike {
  const listeners = new Set<(event: { readonly data: unknown }) => void>();
  let parts: Buffer[] = [];
  let buffered = 0;
  let needed = HEADER_BYTES;
  let inHeader = true;

  const take = (sizeBytes: number): Buffer => {
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = whole.length > sizeBytes ? [whole.subarray(sizeBytes)] : [];
    buffered = whole.length - sizeBytes;
    return whole.subarray(0, sizeBytes);
  };
  const receive = (chunk: Buffer): void => {
    parts.push(chunk);
    buffered += chunk.length;
    while (buffered >= needed) {
      const piece = take(needed);
      if (inHeader) {
        needed = piece.readUInt32BE();
        if (needed > MAX_CONTROL_FRAME_BYTES) return void socket.destroy();
      } else {
        needed = HEADER_BYTES;
        deliver(piece);
      }
      inHeader = !inHeader;
    }
  };
  const deliver = (frame: Buffer): void => {
    let data: unknown;
    try {
      data = deserialize(frame);
    } catch {
      return void socket.destroy();
    }
    for (const listener of listeners) listener({ data });
  };

  return {
    postMessage(message) {
      if (socket.destroyed || socket.writableEnded) return;
      const frame = serialize(message);
      if (frame.length > MAX_CONTROL_FRAME_BYTES || socket.writableLength > MAX_UNREAD_BYTES) return void socket.destroy();
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      header.writeUInt32BE(frame.length);
      socket.cork();
      socket.write(header);
      socket.write(frame);
      socket.uncork();
    },
    addEventListener: (_type, listener) => void listeners.add(listener),
    removeEventListener: (_type, listener) => void listeners.delete(listener),
    start: () => void socket.on("data", receive),
  };
}
