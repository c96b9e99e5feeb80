/** A profile's folder, and what the terminal client remembers in it beside the client's own store. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { ClientState, Role } from "@hawser/sdk";
import type { Context } from "../context.ts";
import { CliError } from "../error-text.ts";

const DEFAULT_SERVER = "http://127.0.0.1:8787";
const SETTINGS_FILE = "terminal.json";

export interface ProfilePlace {
  readonly folder: string;
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string | undefined;
}

interface Remembered {
  readonly server?: string;
  readonly certificateAuthority?: string;
  /** Whose store this is: what to say when it is lost can no longer be read from it. */
  readonly owner?: ProfileOwner;
}

export interface ProfileOwner {
  readonly role: Role;
  readonly handle: string;
  readonly device: number;
}

/** Where the profile is and which server it talks to; nothing is created. */
export function locateProfile({ globals, environment }: Context): ProfilePlace {
  const folder = resolve(globals.profile ?? environment["HAWSER_PROFILE"] ?? join(homedir(), ".hawser", "default"));
  const remembered = readRemembered(folder);
  return {
    folder,
    server: parseServer(globals.server ?? remembered.server ?? environment["HAWSER_SERVER"] ?? DEFAULT_SERVER),
    certificateAuthority: globals.ca === undefined ? remembered.certificateAuthority : readText(globals.ca),
  };
}

/** Later commands on this profile go to the same server. Without a state the owner stays who it was. */
export function rememberServer({ folder, server, certificateAuthority }: ProfilePlace, { role, self }: Partial<ClientState> = {}): void {
  const owner = role === undefined || self === undefined ? rememberedOwner(folder) : { role, handle: self.handle, device: self.device };
  remember(folder, {
    server,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(owner === undefined ? {} : { owner }),
  });
}

/** The account has signed the device out: that its store is empty from now on is no loss. */
export function forgetOwner(folder: string): void {
  const { owner, ...others } = readRemembered(folder);
  if (owner !== undefined) remember(folder, others);
}

function remember(folder: string, remembered: Remembered): void {
  const path = join(folder, SETTINGS_FILE);
  const text = `${JSON.stringify(remembered, null, 2)}\n`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The device that was here has erased itself. */
export const forgetProfile = ({ folder }: ProfilePlace): void => rmSync(join(folder, SETTINGS_FILE), { force: true });

/** Whether a client was ever opened there. */
export const profileExists = (folder: string): boolean => existsSync(join(folder, "client.db"));

/** The server that a profile was used with. */
export const rememberedServer = (folder: string): string | undefined => readRemembered(folder).server;

/** The device that a profile was. */
export function rememberedOwner(folder: string): ProfileOwner | undefined {
  const { owner } = readRemembered(folder);
  const isOne = (owner?.role === "phone" || owner?.role === "companion") && typeof owner.handle === "string";
  return isOne && Number.isInteger(owner.device) ? owner : undefined;
}

function readRemembered(folder: string): Remembered {
  try {
    return JSON.parse(readFileSync(join(folder, SETTINGS_FILE), "utf8")) as Remembered;
  } catch {
    // Missing, or damaged by hand: the defaults hold.
    return {};
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CliError("FILE_UNREADABLE", { detail: `The file ${path} cannot be read.`, cause });
  }
}

function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError("USAGE", { detail: `"${text}" is not a server's address.`, next: "Give one like https://chat.example.org" });
  }
  return url.origin;
}
