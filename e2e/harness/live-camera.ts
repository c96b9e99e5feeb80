/**
 * A camera that sees a screen. Chromium plays a y4m file as its camera and reads the file again for each frame, so overwriting
 * the frames' bytes in place, and nothing else, changes what the camera sees about 0.2 s later.
 * The file: one header line, then for each frame `FRAME\n` and the planes Y, U, V (4:2:0).
 */
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { AppPage } from "./engines/app-page.ts";
import { decodePng, type Picture } from "./png.ts";

const WIDTH = 1280;
const HEIGHT = 720;
const FRAMES = 2;
const HEADER = `YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`;
const MARKER = "FRAME\n";
const FRAME_BYTES = WIDTH * HEIGHT * 1.5;
const NEUTRAL_CHROMA = 128;
const DARK_TABLE = 24;
/** Time between two looks at the screen: a camera in a hand sees more, a machine with two cores has other things to do. */
const LOOK_INTERVAL_MS = 150;

export class LiveCamera {
  readonly file: string;

  constructor(folder: string) {
    this.file = join(folder, "camera.y4m");
    const frame = Buffer.alloc(FRAME_BYTES, NEUTRAL_CHROMA);
    frame.fill(DARK_TABLE, 0, WIDTH * HEIGHT);
    const pieces = Array.from({ length: FRAMES }, () => [Buffer.from(MARKER), frame]).flat();
    writeFileSync(this.file, Buffer.concat([Buffer.from(HEADER), ...pieces]));
  }

  /** What Chromium has to be started with, for this file to be its only camera. */
  get flags(): string[] {
    return ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${this.file}`];
  }

  show(png: Buffer): void {
    this.#overwrite(toFrame(decodePng(png)));
  }

  /** Lies on the table: dark. */
  lower(): void {
    const frame = Buffer.alloc(FRAME_BYTES, NEUTRAL_CHROMA);
    frame.fill(DARK_TABLE, 0, WIDTH * HEIGHT);
    this.#overwrite(frame);
  }

  /** Holds the camera in front of the page's actual screen, again and again, until `body` is done. */
  async pointAt<T>(page: AppPage, body: () => Promise<T>): Promise<T> {
    const result = await holdInFront(page, (png) => this.show(png), body);
    this.lower();
    return result;
  }

  #overwrite(frame: Uint8Array): void {
    const descriptor = openSync(this.file, "r+");
    try {
      for (let index = 0; index < FRAMES; index++) {
        const offset = HEADER.length + index * (MARKER.length + FRAME_BYTES) + MARKER.length;
        writeSync(descriptor, frame, 0, FRAME_BYTES, offset);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Shows what stands on the screen, as it is now, again and again until `body` is done. */
export async function holdInFront<T>(screen: AppPage, show: (png: Buffer) => Promise<void> | void, body: () => Promise<T>): Promise<T> {
  let looking = true;
  const look = async (): Promise<void> => {
    while (looking) {
      const png = await screen.screenshot({ type: "png", scale: "css", animations: "allow", timeout: 10_000 });
      if (looking) await show(png);
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    }
  };
  const done = (async () => {
    try {
      return await body();
    } finally {
      looking = false;
    }
  })();
  const [result] = await Promise.all([done, look()]);
  return result;
}

/** Fits the picture into the camera's frame, whole and centred, on grey; full-range BT.601, colours sampled at every second pixel. */
export function toFrame({ width, height, channels, pixels }: Picture): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES, NEUTRAL_CHROMA);
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  const [shownWidth, shownHeight] = [Math.floor(width * scale), Math.floor(height * scale)];
  const [left, top] = [Math.floor((WIDTH - shownWidth) / 2), Math.floor((HEIGHT - shownHeight) / 2)];
  const planeU = WIDTH * HEIGHT;
  const planeV = planeU + planeU / 4;
  for (let y = 0; y < shownHeight; y++) {
    const sourceRow = Math.min(height - 1, Math.floor(y / scale)) * width;
    for (let x = 0; x < shownWidth; x++) {
      const at = (sourceRow + Math.min(width - 1, Math.floor(x / scale))) * channels;
      const [red, green, blue] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
      const [column, row] = [left + x, top + y];
      frame[row * WIDTH + column] = 0.299 * red + 0.587 * green + 0.114 * blue;
      if ((column | row) & 1) continue;
      const chroma = (row >> 1) * (WIDTH >> 1) + (column >> 1);
      frame[planeU + chroma] = NEUTRAL_CHROMA - 0.169 * red - 0.331 * green + 0.499 * blue;
      frame[planeV + chroma] = NEUTRAL_CHROMA + 0.499 * red - 0.418 * green - 0.081 * blue;
    }
  }
  return frame;
}
