/**
 * Width and height of a picture from its first bytes, so that a chat keeps its place before the bytes are shown. PNG (W3C, 11.2.2), GIF89a
 * (section 18), JPEG (ITU T.81, B.2.2) and WebP (RFC 9649). Turned JPEGs are not looked into: exported chats carry no such marks.
 */
import type { Bytes } from "@hawser/base";
import { MAX_PICTURE_SIDE } from "../bounds.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Segments looked at before the frame of a JPEG. */
const MAX_JPEG_SEGMENTS = 64;

/** `undefined` for anything that is none of these, or is damaged. */
export function pictureSize(bytes: Bytes): PictureSize | undefined {
  if (bytes.length < 30) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = png(view) ?? gif(view) ?? webp(view) ?? jpeg(view);
  if (found === undefined) return undefined;
  const isSide = (pixels: number): boolean => pixels > 0 && pixels <= MAX_PICTURE_SIDE;
  return isSide(found.width) && isSide(found.height) ? found : undefined;
}

function png(view: DataView): PictureSize | undefined {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(12) !== 0x49484452) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(view: DataView): PictureSize | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function webp(view: DataView): PictureSize | undefined {
  if (view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57454250) return undefined;
  const u24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint32(12)) {
    case 0x56503858: // VP8X
      return { width: u24(24) + 1, height: u24(27) + 1 };
    case 0x56503820: // VP8
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 0x5650384c: {
      // VP8L: 14 bits each
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    default:
      return undefined;
  }
}

function jpeg(view: DataView): PictureSize | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  let at = 2;
  for (let segment = 0; segment < MAX_JPEG_SEGMENTS && at + 9 <= view.byteLength; segment++) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // A frame header of any kind; C4, C8 and CC are tables.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
