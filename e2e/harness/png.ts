/** Reads the PNG files a browser's screenshots are: 8 bits a channel, RGB or RGBA, not interlaced. PNG specification, sections 9 and 11. */
import { inflateSync } from "node:zlib";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 3 (RGB) or 4 (RGBA) bytes a pixel. */
  readonly channels: 3 | 4;
  readonly pixels: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOUR_RGB = 2;
const COLOUR_RGBA = 6;

export function decodePng(file: Buffer): Picture {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error("not a PNG file");
  let header: Buffer | undefined;
  const parts: Buffer[] = [];
  for (let offset = 8; offset < file.length;) {
    const size = file.readUInt32BE(offset);
    const type = file.toString("latin1", offset + 4, offset + 8);
    const data = file.subarray(offset + 8, offset + 8 + size);
    if (type === "IHDR") header = data;
    if (type === "IDAT") parts.push(data);
    offset += size + 12;
  }
  if (header === undefined) throw new Error("a PNG file without a header");
  const [depth, colour, interlace] = [header[8], header[9], header[12]];
  if (depth !== 8 || (colour !== COLOUR_RGB && colour !== COLOUR_RGBA) || interlace !== 0) {
    throw new Error(`a PNG file of depth ${depth}, colour type ${colour}, interlace ${interlace} is no screenshot`);
  }
  const channels = colour === COLOUR_RGB ? 3 : 4;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  return { width, height, channels, pixels: unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels) };
}

/** Undoes the filters of each row, in order: 0 none, 1 left, 2 above, 3 average, 4 Paeth. */
function unfilter(data: Buffer, rowBytes: number, height: number, channels: number): Uint8Array {
  const out = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)]!;
    const from = y * (rowBytes + 1) + 1;
    const row = y * rowBytes;
    const above = row - rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      const left = x >= channels ? out[row + x - channels]! : 0;
      const up = y > 0 ? out[above + x]! : 0;
      const corner = x >= channels && y > 0 ? out[above + x - channels]! : 0;
      out[row + x] = data[from + x]! + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const guess = left + up - corner;
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
