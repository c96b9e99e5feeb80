/** A process whose clock is wrong, by libfaketime (Debian's package `faketime`). */
import { existsSync } from "node:fs";

const LIBRARY = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));

export const NO_WRONG_CLOCKS = LIBRARY === undefined ? "no libfaketime here (Debian's package faketime)" : undefined;

/** `shift`: as `+3d`, `-2h`. */
export const clockWrongBy = (shift: string): Record<string, string> => ({ LD_PRELOAD: LIBRARY ?? "", FAKETIME: shift });
