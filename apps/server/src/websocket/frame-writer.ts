/**
 * WebSocket frames as a server sends them: unmasked, in one piece (RFC 6455, section 5.2). Header and payload stand in one buffer, so that
 * a frame is one write. The payload is copied: its owner may use it again at once.
 */

export const OPCODES = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
export const FINAL = 0x80;
/** A payload length beyond 7 bits is announced by one of these. */
export const LENGTH_IN_16_BITS = 126;
export const LENGTH_IN_64_BITS = 127;
export const MAX_CONTROL_BYTES = 125;

/** Frames are cut from slabs: one allocation for many small frames. A stalled socket pins at most one slab a frame. */
const SLAB_BYTES = 65_536;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

export function frameOf(opcode: number, payload: Uint8Array): Buffer {
  const size = payload.length;
  const headBytes = size < LENGTH_IN_16_BITS ? 2 : size < 65_536 ? 4 : 10;
  const frame = allocate(headBytes + size);
  frame[0] = FINAL | opcode;
  if (headBytes === 2) frame[1] = size;
  else if (headBytes === 4) {
    frame[1] = LENGTH_IN_16_BITS;
    frame[2] = size >>> 8;
    frame[3] = size;
  } else {
    frame[1] = LENGTH_IN_64_BITS;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(size, 6);
  }
  frame.set(payload, headBytes);
  return frame;
}

function allocate(sizeBytes: number): Buffer {
  if (sizeBytes > SLAB_BYTES / 2) return Buffer.allocUnsafeSlow(sizeBytes);
  if (slabUsed + sizeBytes > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const from = slabUsed;
  slabUsed += sizeBytes;
  return slab.subarray(from, slabUsed);
}
