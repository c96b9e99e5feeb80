/**
 * Who may import whom: the whole table. `base ← {wire, crypto} ← {linking, session, sync, relay} ← client ← sdk ← apps`; the
 * machines never see one another, drivers see only base and wire. `tests` are further packages that only test files may import.
 */
export interface Layer {
  readonly folder: string;
  /** Runs everywhere: no clock, no random, no I/O, no platform. */
  readonly pure: boolean;
  readonly imports: readonly string[];
  readonly tests?: readonly string[];
}

export const LAYERS: Readonly<Record<string, Layer>> = {
  base: { folder: "packages/base", pure: true, imports: [] },
  wire: { folder: "packages/wire", pure: true, imports: ["base"] },
  crypto: { folder: "packages/crypto", pure: true, imports: ["base", "wire"], tests: ["io-node"] },
  linking: { folder: "packages/linking", pure: true, imports: ["base", "wire", "crypto"] },
  diagnosis: { folder: "packages/diagnosis", pure: true, imports: ["base", "wire"] },
  session: { folder: "packages/session", pure: true, imports: ["base", "wire"] },
  sync: { folder: "packages/sync", pure: true, imports: ["base", "wire", "crypto"] },
  relay: { folder: "packages/relay", pure: true, imports: ["base", "wire", "crypto"], tests: ["io-node"] },
  "chat-import": { folder: "packages/chat-import", pure: true, imports: ["base"] },
  client: {
    folder: "packages/client",
    pure: true,
    imports: ["base", "wire", "crypto", "diagnosis", "linking", "session", "sync", "chat-import"],
    tests: ["io-node"],
  },
  "io-node": { folder: "packages/io-node", pure: false, imports: ["base", "wire", "diagnosis"] },
  "io-web": { folder: "packages/io-web", pure: false, imports: ["base", "wire", "diagnosis"] },
  sdk: { folder: "packages/sdk", pure: false, imports: ["base", "wire", "client", "io-node"], tests: ["server", "crypto"] },
  ui: { folder: "packages/ui", pure: false, imports: [] },
  server: { folder: "apps/server", pure: false, imports: ["base", "wire", "crypto", "relay", "io-node"] },
  web: { folder: "apps/web", pure: false, imports: ["base", "wire", "crypto", "diagnosis", "client", "io-web", "sdk", "ui"] },
  cli: { folder: "apps/cli", pure: false, imports: ["base", "diagnosis", "io-node", "sdk", "server"] },
  sim: { folder: "sim", pure: false, imports: ["base", "wire", "sync", "client", "relay", "io-node", "io-web", "server"] },
  drills: {
    folder: "drills",
    pure: false,
    imports: ["base", "wire", "crypto", "linking", "relay", "client", "io-node", "sdk", "server", "ui", "sim"],
  },
  bench: { folder: "bench", pure: false, imports: ["base", "wire", "crypto", "relay", "client", "io-node", "io-web", "sdk", "server"] },
};

/** Packages that a build gives under another name (docs/adr/0011): what sources import, and what it is. */
export const STANDS_FOR: Readonly<Record<string, string>> = { react: "preact", "react-dom": "preact" };

export const LONGEST_FILE_LINES = 400;
