/** A real server in this process, and profiles beside it, gone after the tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "@hawser/server";
import { hawser } from "./spawn-hawser.ts";

export interface TestPlace {
  readonly folder: string;
  readonly server: RunningServer;
  /** Parameters that put a command onto a profile of this server. */
  on(profile: string): string[];
  account(handle: string): Promise<void>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  /** Where people reach the server, when that is not its own address. */
  readonly origin?: string;
  /** Of a release before this one. */
  readonly start?: typeof startServer;
}

export async function openTestPlace({ origin, start = startServer }: PlaceOptions = {}): Promise<TestPlace> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-cli-"));
  const server = await start({
    dataDir: join(folder, "server"),
    registration: "open",
    logLevel: "silent",
    ...(origin === undefined ? {} : { origin }),
  });
  const on = (profile: string): string[] => ["--profile", join(folder, profile), "--server", origin ?? server.url, "--json"];
  return {
    folder,
    server,
    on,
    async account(handle) {
      const { exit, stdout } = await hawser([...on(handle), "account", "create", handle, "--device-name", `${handle}'s phone`]);
      if (exit !== 0) throw new Error(`no account for ${handle}: ${stdout}`);
    },
    async close() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
