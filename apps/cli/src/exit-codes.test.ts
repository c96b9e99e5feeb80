/** Scripts decide by exit status: each documented one, from the real program. */
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hawser } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await place.account("alice");
});
afterAll(() => place.close());

interface Row {
  readonly what: string;
  readonly words: (on: (profile: string) => string[]) => string[];
  readonly exit: number;
  readonly code?: string;
}

const ROWS: readonly Row[] = [
  { what: "help", words: () => ["--help"], exit: 0 },
  { what: "an unknown command", words: () => ["--json", "sned"], exit: 2, code: "USAGE" },
  { what: "a missing argument", words: () => ["--json", "send"], exit: 2, code: "USAGE" },
  { what: "a server's address that is none", words: () => ["--json", "--server", "chat", "status"], exit: 2, code: "USAGE" },
  { what: "a step that does not exist", words: (on) => [...on("alice"), "send", "bob", "x", "--wait", "seen"], exit: 2, code: "USAGE" },
  { what: "a handle that is none", words: (on) => [...on("new"), "account", "create", "No Handle"], exit: 2, code: "HANDLE_INVALID" },
  { what: "a code that is none", words: (on) => [...on("alice"), "approve", "https://example.org/"], exit: 2, code: "CODE_MALFORMED" },
  { what: "writing to oneself", words: (on) => [...on("alice"), "send", "alice", "x"], exit: 2, code: "SELF" },
  { what: "nothing to send", words: (on) => [...on("alice"), "send", "alice", "  "], exit: 2, code: "SELF" },
  { what: "a handle that is taken", words: (on) => [...on("new"), "account", "create", "alice"], exit: 3, code: "HANDLE_TAKEN" },
  {
    what: "a server that is not there",
    words: () => ["--json", "--server", "http://127.0.0.1:9", "--profile", join(place.folder, "off"), "account", "create", "zoe"],
    exit: 4,
  },
  { what: "a profile without an account", words: (on) => [...on("nothing"), "whoami"], exit: 6, code: "EMPTY_PROFILE" },
  {
    what: "a second account in a profile",
    words: (on) => [...on("alice"), "account", "create", "zoe"],
    exit: 6,
    code: "PROFILE_HAS_ACCOUNT",
  },
  { what: "nobody of this name", words: (on) => [...on("alice"), "send", "nobody", "x"], exit: 7, code: "HANDLE_UNKNOWN" },
  { what: "no such chat", words: (on) => [...on("alice"), "messages", "nobody"], exit: 7, code: "UNKNOWN_CONVERSATION" },
  { what: "no such device", words: (on) => [...on("alice"), "revoke", "9", "--yes"], exit: 7, code: "NO_SUCH_DEVICE" },
  { what: "a file that is not there", words: (on) => [...on("alice"), "import", "/nonexistent.txt"], exit: 10, code: "IMPORT_UNREADABLE" },
  { what: "no server's data", words: () => ["--json", "invite", "--data", "/nonexistent"], exit: 2, code: "USAGE" },
  {
    what: "a data folder in use",
    words: () => ["--json", "serve", "--port", "0", "--log-level", "silent", "--data", join(place.folder, "server")],
    exit: 8,
    code: "DATA_LOCKED",
  },
];

describe("exit status", () => {
  test.each(ROWS)("$what: $exit", async ({ words, exit, code }) => {
    const result = await hawser(words((profile) => place.on(profile)));
    expect([result.exit, result.lines.at(-1)?.["code"]], result.stderr).toEqual([exit, code ?? result.lines.at(-1)?.["code"]]);
    expect(result.stderr + result.stdout).not.toMatch(/\n\s+at .*\.ts:/);
  });

  test("a port in use: 3", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const result = await hawser([
      "--json",
      "serve",
      "--port",
      String(port),
      "--log-level",
      "silent",
      "--data",
      join(place.folder, "other"),
    ]);
    taken.close();
    expect([result.exit, result.lines.at(-1)?.["code"]]).toEqual([3, "ADDRESS_IN_USE"]);
  });

  test("while the server is away the profile says so, and what is written waits: 4", async () => {
    const offline = ["--json", "--profile", join(place.folder, "alice"), "--server", "http://127.0.0.1:9"];
    const { exit, lines } = await hawser([...offline, "status"]);
    expect(exit).toBe(4);
    expect(lines[0]).toMatchObject({ event: "status", handle: "alice", phase: "ready", connection: "offline" });
    const sent = await hawser([...offline, "send", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "later", "--timeout", "0.5"]);
    expect([sent.exit, sent.lines.at(-1)?.["code"]]).toEqual([4, "OFFLINE"]);
    expect((await hawser([...offline, "send", "nobody.known", "x"])).exit).toBe(4);
    expect((await hawser([...offline, "status"])).lines[0]!["queued"]).toBeGreaterThan(0);
  });
});
