/** Processes killed with SIGKILL in mid-send: what `sendMessage` returned arrives exactly once, in order, whoever was killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, expect, test } from "vitest";
import { type ConversationId, type HawserClient, openNodeClient } from "../src/node/index.ts";
import { until, World } from "./world.ts";

const CLIENT_ROUNDS = 5;
const RECEIVER_ROUNDS = 3;
/** The server's own suite kills it twenty times; here it is about the clients. */
const SERVER_ROUNDS = 2;
/** Most of a round is the start of a process: what one has compiled the next one reads. */
const COMPILE_CACHE = mkdtempSync(join(tmpdir(), "hawser-compiled-"));
const children = new Set<ChildProcess>();
const folders: string[] = [];
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

afterAll(() => rmSync(COMPILE_CACHE, { recursive: true, force: true }));

function run(file: string, ...parameters: string[]): { child: ChildProcess; lines: AsyncIterableIterator<string>; killed: Promise<void> } {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, file), ...parameters], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  children.add(child);
  const killed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void killed.then(() => children.delete(child));
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator](), killed };
}

/** Rises by one each time, without gaps from 0 up to at least `last`: nothing lost, nothing twice, nothing out of order. */
function expectExactlyOnce(received: readonly string[], last: number): void {
  expect(received).toEqual(received.map((_, index) => String(index)));
  expect(received.length).toBeGreaterThan(last);
}

async function all(client: HawserClient, conversation: ConversationId): Promise<string[]> {
  const items: string[] = [];
  let beforeOrder = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await client.messages({ conversation, limit: 500, beforeOrder });
    items.push(...page.items.map((message) => message.text));
    if (!page.hasOlder) return items.toReversed();
    beforeOrder = page.items.at(-1)!.order;
  }
}

test("a client killed in mid-send, five rounds", async () => {
  const world = new World();
  await world.start();
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await world.close("anna");
  let last = -1;
  let next = 0;
  for (let round = 0; round < CLIENT_ROUNDS; round++) {
    const { child, lines, killed } = run("sender-process.ts", join(world.folder, "anna"), world.server.url, ab, String(next));
    const stopAfter = next + 3 + round * 7;
    for await (const line of lines) {
      last = Number(line);
      if (last >= stopAfter) child.kill("SIGKILL");
    }
    await killed;
    const again = world.open("anna");
    // One more may have been written after the last line that was read.
    next = (await all(again, ab)).length;
    expect(next).toBeGreaterThan(last);
    await world.close("anna");
  }
  const again = world.open("anna");
  await until(again, async () => (await again.state()).outboxCount === 0);
  await until(bela, async () => (await all(bela, ba)).length >= next);
  expectExactlyOnce(await all(bela, ba), last);
  await world.stop();
}, 120_000);

test("a client killed in mid-receive, three rounds", async () => {
  const world = new World();
  await world.start();
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await world.close("bela");
  let sent = 0;
  for (let round = 0; round < RECEIVER_ROUNDS; round++) {
    for (let i = 0; i < 30; i++) await anna.sendMessage({ conversation: ab, text: String(sent++) });
    const { child, lines, killed } = run("receiver-process.ts", join(world.folder, "bela"), world.server.url);
    for await (const line of lines) if (Number(line) >= 2 + round * 5) child.kill("SIGKILL");
    await killed;
  }
  const again = world.open("bela");
  await until(again, async () => (await all(again, ba)).length >= sent);
  expectExactlyOnce(await all(again, ba), sent - 1);
  expect((await again.conversation(ba))?.unread).toBe(sent);
  await until(anna, async () =>
    (await anna.messages({ conversation: ab, limit: 500 })).items.every((message) => message.status === "delivered"),
  );
  await world.stop();
}, 120_000);

test("a server killed in mid-send, two rounds", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hawser-kill-"));
  folders.push(folder);
  let server = run("server-process.ts", join(folder, "server"), "0");
  const port = (await server.lines.next()).value as string;
  const open = (name: string) => openNodeClient({ profileDir: join(folder, name), serverUrl: `http://127.0.0.1:${port}` });
  const [anna, bela] = [open("anna"), open("bela")];
  const a = await anna.createAccount({ handle: "anna", displayName: "Anna", deviceName: "phone" });
  const b = await bela.createAccount({ handle: "bela", displayName: "Bela", deviceName: "phone" });
  await anna.addContact({ account: b.account, name: "Bela" });
  await bela.addContact({ account: a.account, name: "Anna" });
  const { id: ab } = await anna.openConversation(b.account);
  const { id: ba } = await bela.openConversation(a.account);
  let sent = 0;
  for (let round = 0; round < SERVER_ROUNDS; round++) {
    await until(anna, async () => (await anna.state()).connection.kind === "online");
    for (let i = 0; i < 20; i++) {
      await anna.sendMessage({ conversation: ab, text: String(sent++) });
      if (i === 5 + round) server.child.kill("SIGKILL");
    }
    await server.killed;
    server = run("server-process.ts", join(folder, "server"), port);
    await server.lines.next();
    for (const client of [anna, bela]) await client.networkHint("online");
  }
  await until(anna, async () => (await anna.state()).outboxCount === 0);
  await until(bela, async () => (await all(bela, ba)).length >= sent);
  expectExactlyOnce(await all(bela, ba), sent - 1);
  await anna.close();
  await bela.close();
  server.child.kill("SIGKILL");
  await server.killed;
}, 120_000);
