/**
 * Where the owner of a profile listens for other commands on it: a socket of the file system, in a folder that only its user can
 * enter. Runs on Unix.
 */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { CliError } from "../error-text.ts";

/** The shortest of the systems' limits (macOS: 104 with the final zero). */
const MAX_SOCKET_PATH_BYTES = 103;

/** In the profile, or, where that path is too long for a socket, in a private folder for temporary files. */
export function controlAddress(profileDir: string): string {
  const near = join(profileDir, "control.sock");
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES) return near;
  const { uid } = userInfo();
  const folder = join(tmpdir(), `hawser-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  // Somebody else may have made it first, to listen in.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new CliError("FILE_UNREADABLE", { detail: `The folder ${folder} is open to others.` });
  return join(folder, `${createHash("sha256").update(profileDir).digest("hex").slice(0, 24)}.sock`);
}
