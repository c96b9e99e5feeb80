/**
 * kill -9 in mid-work, ten rounds on both sides. Invariant: a message whose `send --id` was repeated until it succeeded is at the recipient
 * exactly once, and a listener that was killed misses nothing.
 */
import { randomBytes } from "node:crypto";
import { messageIdFromBytes } from "@hawser/base";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

const ROUNDS = 10;
/** Of the time that a whole run takes on this machine now: from before the store is open to after the server has the message. */
const FIRST_KILL = 0.1;
const LAST_KILL = 1;

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await Promise.all([place.account("alice"), place.account("bob")]);
});
afterAll(() => place.close());

const after = (delayMs: number) => new Promise<void>((resolve) => void setTimeout(resolve, delayMs));

const wordsOf = (text: string): string[] => [
  ...place.on("alice"),
  "send",
  "bob",
  text,
  "--id",
  messageIdFromBytes(new Uint8Array(randomBytes(16))),
];

/** How long one takes that nobody kills. */
async function wholeRunMs(text: string): Promise<number> {
  const startedMs = performance.now();
  expect((await hawser(wordsOf(text))).exit).toBe(0);
  return performance.now() - startedMs;
}

test("nothing is lost and nothing comes twice", async () => {
  const heard: string[] = [];
  const texts: string[] = ["unharmed"];
  let killed = 0;
  const wholeMs = await wholeRunMs("unharmed");
  for (let round = 0; round < ROUNDS; round++) {
    const text = `round ${round}`;
    texts.push(text);
    const words = wordsOf(text);
    const listener = new Hawser([...place.on("bob"), "listen", "--unread", "--mark-read", "--accept"]);
    const sender = new Hawser(words).endInput();
    await after(wholeMs * (FIRST_KILL + ((LAST_KILL - FIRST_KILL) * round) / (ROUNDS - 1)));
    if ((await sender.kill("SIGKILL")) === undefined) killed += 1;
    await listener.kill("SIGKILL");
    heard.push(...listener.lines.filter((line) => line.event === "message").map((line) => String(line["text"])));
    const again = await hawser(words);
    expect([again.exit, again.stdout]).toEqual([0, expect.any(String)]);
  }
  expect(killed).toBeGreaterThanOrEqual(ROUNDS / 2);

  const last = new Hawser([...place.on("bob"), "listen", "--unread", "--accept"]);
  for (const text of texts) if (!heard.includes(text)) await last.sees((line) => line.event === "message" && line["text"] === text);
  await last.kill("SIGTERM");
  const stored = await hawser([...place.on("bob"), "messages", "alice", "--limit", "100"]);
  expect(stored.lines.map((line) => String(line["text"])).toSorted()).toEqual(texts.toSorted());
}, 90_000);
