/** A QR code as one SVG path. Medium error correction, which also bears the badge in the middle. */
import { encode } from "uqr";

export interface QrPath {
  /** Modules per side, for the viewBox. */
  readonly size: number;
  readonly path: string;
}

export function qrPath(text: string): QrPath {
  const { data, size } = encode(text, { ecc: "M", border: 0, boostEcc: false });
  let path = "";
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!data[y]![x]) continue;
      let run = 1;
      while (x + run < size && data[y]![x + run]) run++;
      path += `M${x} ${y}h${run}v1h-${run}z`;
      x += run - 1;
    }
  }
  return { size, path };
}
