/**
 * One writer a profile. Runs in Node. Invariant: two live processes never hold the same folder; a lock left by a process that is gone is
 * taken over. The file holds the owner's pid; `open` with `wx` makes taking it atomic.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { OperationalError } from "@hawser/base";

const LOCK_FILE = "lock";
const MAX_TRIES = 3;

export interface ProfileLock {
  release(): void;
}

/** @throws OperationalError PROFILE_IN_USE with the owner's pid in its message. */
export function lockProfile(folder: string): ProfileLock {
  const path = join(folder, LOCK_FILE);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      const file = openSync(path, "wx", 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = ownerOf(path);
      if (owner !== undefined && isAlive(owner))
        throw new OperationalError("PROFILE_IN_USE", { message: `process ${owner} has this profile open`, retry: { afterMs: 1_000 } });
      rmSync(path, { force: true });
    }
  }
  throw new OperationalError("PROFILE_IN_USE", { retry: { afterMs: 1_000 } });
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A pid that was given to another program since counts as alive: the person then removes the file, nothing is at risk. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
