/**
 * One process at a time may install or build in this folder. The lock is a file with the pids of the holder and of what it runs
 * (npm outlives a holder that was killed); whoever finds them all dead takes it over. The holder keeps touching the file, so that
 * pids that were given to other programs since do not block for ever.
 */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./node-24.mjs";

const LOCK = join(ROOT, ".cache", "tools.lock");
const TOUCH_INTERVAL_MS = 2_000;
const ABANDONED_AFTER_MS = 600_000;
const POLL_INTERVAL_MS = 250;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** Runs `body(holds)` alone; it passes each child process to `holds`. `waiting` is called once if another has to finish first. */
export async function exclusively(body, waiting) {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  let told = false;
  while (!take()) {
    if (!told) waiting();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  const children = [];
  const holds = (child) => {
    children.push(child);
    writeFileSync(LOCK, [process.pid, ...children.map(({ pid }) => pid)].join(" "));
    return child;
  };
  const touch = setInterval(() => {
    const now = new Date();
    utimesSync(LOCK, now, now);
  }, TOUCH_INTERVAL_MS);
  const stop = (signal) => {
    for (const child of children) child.kill(signal);
    process.exit(SIGNALS[signal]);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, stop);
  try {
    return await body(holds);
  } finally {
    clearInterval(touch);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, stop);
    rmSync(LOCK, { force: true });
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
    const pids = readFileSync(LOCK, "utf8").split(" ").map(Number);
    if (Date.now() - statSync(LOCK).mtimeMs > ABANDONED_AFTER_MS) return true;
    return pids.every((pid) => Number.isInteger(pid) && pid > 0 && !isAlive(pid));
  } catch {
    return false; // It was released in this moment.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}
