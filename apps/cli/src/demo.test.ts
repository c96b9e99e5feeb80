/** `serve --demo`: two people with a past who are really there, made once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser, type Line } from "./testing/spawn-hawser.ts";

const CONVERSATION_MESSAGES = 341 + 3;
const ALL_MESSAGES = CONVERSATION_MESSAGES + 14 + 12;

let folder: string;
let server: Hawser;
let url: string;
const demo: Line[] = [];
const profile = (name: string): string[] => ["--json", "--server", url, "--profile", join(folder, name)];
const resident = (name: string): string[] => profile(join("data", "demo", name));

async function start(): Promise<void> {
  server = new Hawser(["--json", "serve", "--demo", "--port", "0", "--log-level", "silent", "--data", join(folder, "data")]);
  const isDemo = (handle: string) => (line: Line) => line.event === "demo" && line["handle"] === handle;
  url = String((await server.sees((line) => line.event === "serving"))["url"]);
  demo.splice(0, 2, await server.sees(isDemo("anna")), await server.sees(isDemo("ben")));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-demo-"));
  await start();
});
afterAll(async () => {
  await server.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

const openCode = async (name: string): Promise<{ companion: Hawser; uri: string }> => {
  const companion = new Hawser([...profile(name), "link"]);
  const { uri } = await companion.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
  return { companion, uri: String(uri) };
};

test("a newcomer's companion gets Anna's history, and Ben answers it", async () => {
  const { companion, uri } = await openCode("browser");
  expect((await hawser([...resident("anna"), "approve", uri, "--yes"])).exit).toBe(0);
  expect(await companion.ended()).toBe(0);
  expect(companion.lines.at(-1)).toMatchObject({ event: "history", state: "complete", total: ALL_MESSAGES });

  const { lines: chats } = await hawser([...profile("browser"), "chats"]);
  expect(chats.map((line) => line["title"])).toEqual(["Ben (demo)", "Kitap Kulübü", "رحلة الجمعة"]);
  const { lines: past } = await hawser([...profile("browser"), "messages", "ben", "--limit", "1000"]);
  expect(past.length).toBe(CONVERSATION_MESSAGES);
  const times = past.map((line) => Number(line["sentAtMs"]));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(30 * 86_400_000);

  const listener = new Hawser([...profile("browser"), "listen"]);
  await listener.sees((line) => line.event === "connection");
  await hawser([...profile("browser"), "send", "ben", "Hello!"]);
  expect(String((await listener.sees((line) => line.event === "message" && line["outgoing"] === false))["text"])).toContain("a program");
  expect(await listener.kill("SIGINT")).toBe(130);
}, 60_000);

test("the second start makes nothing anew, and a recovery code brings Anna back with her history", async () => {
  const before = [...demo];
  expect(await server.kill("SIGTERM")).toBe(0);
  await start();
  expect(demo).toEqual(before);

  const restored = await hawser([...profile("own-phone"), "account", "restore", "anna", "--yes"], {
    input: `${String(demo[0]!["recoveryCode"])}\n`,
  });
  expect([restored.exit, restored.lines[0]]).toMatchObject([0, { event: "account", role: "phone", handle: "anna" }]);
  const history = await hawser([...profile("own-phone"), "history", "--wait"]);
  expect(history.lines.at(-1)).toMatchObject({ event: "history", state: "complete" });
  const { lines: found } = await hawser([...profile("own-phone"), "messages", "Kitap Kulübü", "--limit", "100"]);
  expect(found.length).toBe(14);
  expect((await hawser([...resident("anna"), "whoami"])).exit).toBe(5);
}, 60_000);
