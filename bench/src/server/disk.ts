/** The limit of the disk: how long one synchronised append takes. Every acknowledgement waits for one of these. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { median } from "./figures.ts";

const APPENDS = 200;
const APPEND_BYTES = 4_096;

export function syncMilliseconds(folder: string): number {
  const file = openSync(join(folder, "sync"), "w");
  const block = Buffer.alloc(APPEND_BYTES, 1);
  const times = Array.from({ length: APPENDS }, () => {
    const from = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return performance.now() - from;
  });
  closeSync(file);
  return median(times);
}
