/** `hawser archive` from beginning to end: real processes, a real server, and one that is older than archives. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { startServer } from "@hawser/server";
import { afterEach, expect, test } from "vitest";
import { EXIT } from "./exit-codes.ts";
import type { CliEvent } from "./json-events.ts";
import { Hawser, hawser } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

const LINES = 620;

let place: TestPlace;
afterEach(() => place.close());

const run = async (profile: string, ...words: string[]) => hawser([...place.on(profile), ...words]);
/** As people read it. */
const said = async (profile: string, ...words: string[]): ReturnType<typeof hawser> =>
  hawser([...place.on(profile).filter((word) => word !== "--json"), ...words]);
const status = async (profile: string): Promise<Partial<Extract<CliEvent, { event: "archive" }>>> =>
  (await run(profile, "archive")).lines.at(-1) as never;

test("on, filled, read by a new companion, off; a companion cannot switch it", async () => {
  place = await openTestPlace();
  await place.account("alice");
  const file = join(place.folder, "WhatsApp Chat - Book Club.txt");
  const line = (n: number): string => `[13/01/2026, 10:${String(n % 60).padStart(2, "0")}:01] Alice: line ${n}`;
  writeFileSync(file, Array.from({ length: LINES }, (_, n) => line(n)).join("\r\n"));
  expect((await run("alice", "import", file, "--self", "Alice")).exit).toBe(0);
  expect(await status("alice")).toMatchObject({ on: false, messages: 0, waiting: 0, trouble: null });

  const phone = new Hawser([...place.on("alice"), "listen"]);
  await phone.sees((event) => event.event === "connection" && event["state"] === "online");
  const on = await run("alice", "archive", "on");
  expect([on.exit, on.lines.at(-1)]).toMatchObject([0, { event: "archive", on: true }]);
  await expect.poll(() => status("alice"), { timeout: 30_000 }).toMatchObject({ on: true, messages: LINES, waiting: 0, trouble: null });
  expect((await said("alice", "archive", "status")).stdout).toMatch(/^620 messages, up to \d{4}-\d\d-\d\dT\S+Z\.$/m);
  await phone.kill("SIGINT");

  const companion = new Hawser([...place.on("laptop"), "link"]);
  const { uri } = await companion.sees((event) => event.event === "link" && event["stage"] === "waiting-for-scan");
  expect((await run("alice", "approve", String(uri), "--yes", "--no-history")).exit).toBe(0);
  expect(await companion.ended(), companion.stdout + companion.stderr).toBe(0);
  expect(companion.lines.at(-1)).toMatchObject({ event: "history", state: "complete", total: LINES });
  expect(await status("laptop")).toMatchObject({ on: true, trouble: null });
  const refused = await run("laptop", "archive", "off");
  expect([refused.exit, refused.lines.at(-1)]).toMatchObject([EXIT.wrongPhase, { event: "error", code: "WRONG_ROLE" }]);

  const off = await run("alice", "archive", "off");
  expect([off.exit, off.lines.at(-1)]).toMatchObject([0, { event: "archive", on: false, messages: 0, waiting: 0 }]);
  expect((await said("alice", "archive")).stdout).toContain("No archive is kept on the server.");
}, 120_000);

/** Not imported as a module of this package: frozen releases belong to none. */
const FROZEN = new URL("../../../releases/frozen.ts", import.meta.url).href;

test("a server that is older than archives says so at once", async () => {
  const { load } = (await import(/* @vite-ignore */ FROZEN)) as {
    load(name: string): Promise<{ server: { startServer: typeof startServer } }>;
  };
  place = await openTestPlace({ start: (await load("0.2.0")).server.startServer });
  await place.account("alice");
  const refused = await run("alice", "archive", "on");
  expect([refused.exit, refused.lines.at(-1)]).toMatchObject([EXIT.updateNeeded, { event: "error", code: "UNKNOWN_OPERATION" }]);
  expect((await said("alice", "archive", "on")).stderr).toContain("The other side does not know this request.");
  expect(await status("alice")).toMatchObject({ on: false, trouble: null });
}, 60_000);
