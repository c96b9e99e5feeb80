/**
 * One process at a time may install or build in this folder. The lock is a file with the holder's pid that the holder keeps
 * touching; a holder that died, or that stopped touching it, loses it.
 */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./node-24.mjs";

const LOCK = join(ROOT, ".cache", "tools.lock");
const TOUCH_INTERVAL_MS = 2_000;
const ABANDONED_AFTER_MS = 20_000;
const POLL_INTERVAL_MS = 250;

/** Runs `body` alone; `waiting` is called once if another process has to finish first. */
export async function exclusively(body, waiting) {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  let told = false;
  while (!take()) {
    if (!told) waiting();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimesSync(LOCK, now, now);
  }, TOUCH_INTERVAL_MS);
  const release = () => rmSync(LOCK, { force: true });
  process.once("exit", release);
  try {
    return await body();
  } finally {
    clearInterval(touch);
    process.off("exit", release);
    release();
  }
}

function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (abandoned()) rmSync(LOCK, { force: true });
  return false;
}

function abandoned() {
  try {
    const holder = Number(readFileSync(LOCK, "utf8"));
    if (Date.now() - statSync(LOCK).mtimeMs > ABANDONED_AFTER_MS) return true;
    if (!Number.isInteger(holder) || holder <= 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
