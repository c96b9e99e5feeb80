/** A code that no server can carry is not just drawn: whoever waits is told, once, and told when it is over. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Gate } from "./testing/gate.ts";
import { Hawser, hawser, type Line } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

let place: TestPlace;
const gate = new Gate();
beforeAll(async () => {
  await gate.open();
  place = await openTestPlace({ origin: gate.url });
  gate.target = place.server.port;
});
afterAll(async () => {
  await gate.close();
  await place.close();
});

const isOffline = (line: Line): boolean => line.event === "connection" && line["state"] === "offline";

describe.each(["link", "move"])("%s", (command) => {
  test("the connection is told, once, and that it came back; the code stays", async () => {
    await gate.set("gone");
    const program = new Hawser([...place.on(`${command}-json`), command]);
    const { uri } = await program.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
    expect(await program.sees(isOffline)).toMatchObject({ error: "UNREACHABLE" });
    await gate.set("open");
    await program.sees((line) => line.event === "connection" && line["state"] === "online");
    await program.kill("SIGINT");
    expect(program.lines.filter(isOffline)).toHaveLength(1);
    expect(new Set(program.lines.filter(({ event }) => event === "link").map((line) => line["uri"]))).toEqual(new Set([uri]));
  });

  test("a person reads which address it is, and what to do", async () => {
    await gate.set("gone");
    const program = new Hawser([...place.on(`${command}-text`).filter((word) => word !== "--json"), command]);
    while (!program.stderr.includes("hawser doctor")) await new Promise((resolve) => program.child.stderr!.once("data", resolve));
    expect(program.stderr).toContain(`No connection to ${gate.url}: The server cannot be reached.`);
    await gate.set("open");
    while (!program.stderr.includes("Connected.")) await new Promise((resolve) => program.child.stderr!.once("data", resolve));
    expect(await program.kill("SIGINT")).toBe(130);
  });
});

test("a server that this program is too old for ends it: no code could ever be answered", async () => {
  await gate.set("newer");
  const { exit, lines } = await hawser([...place.on("too-old"), "link"]);
  await gate.set("open");
  expect([exit, lines.at(-1)]).toMatchObject([9, { event: "error", code: "CLIENT_TOO_OLD" }]);
});
