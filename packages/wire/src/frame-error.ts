/** Why a frame from outside was refused, and at which byte. Never contains a byte of the frame itself. */
export type FrameErrorKind = "malformed" | "truncated" | "trailing-bytes" | "too-large" | "limit" | "unknown-type";

export interface FrameError {
  readonly kind: FrameErrorKind;
  /** Position of the byte that could not be accepted, from the start of the frame. */
  readonly offset: number;
}

/** The first byte of every frame. docs/PROTOCOL.md, "Frames". */
export const FRAME_TYPES = {
  serverHello: 0x01,
  clientHello: 0x02,
  welcome: 0x03,
  goodbye: 0x04,
  request: 0x05,
  response: 0x06,
  push: 0x07,
  send: 0x10,
  cursor: 0x11,
  batch: 0x20,
} as const;
