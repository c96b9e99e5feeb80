/** Wrong clocks are told, not punished: the real program on a wrong clock, and the words. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser } from "../testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "../testing/test-place.ts";
import { clockWrongBy, NO_WRONG_CLOCKS } from "../testing/wrong-clock.ts";
import { clockDifference } from "./clock-trouble.ts";

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await Promise.all([place.account("alice"), place.account("bob")]);
});
afterAll(() => place.close());

const inWords = (profile: string): string[] => place.on(profile).filter((word) => word !== "--json");
const online = (clockOffsetMs: number) => ({ kind: "online", clockOffsetMs, catchingUp: 0, transport: "websocket" }) as const;

test("what clocks do is not worth a word; more is said with its direction", () => {
  expect(clockDifference(online(5 * 60_000))).toBeUndefined();
  expect(clockDifference({ kind: "idle" })).toBeUndefined();
  expect(clockDifference(online(-6 * 60_000))).toBe("about 6 minutes ahead of the server's");
  expect(clockDifference(online(3 * 3_600_000))).toBe("about 3 hours behind the server's");
  expect(clockDifference(online(-24 * 3_600_000))).toBe("a day or more ahead of the server's");
});

test("three hours behind: said by what needs the server, which does its work, by status and by listen", async ({ skip }) => {
  if (NO_WRONG_CLOCKS !== undefined) skip(NO_WRONG_CLOCKS);
  const environment = clockWrongBy("-3h");
  const sent = await hawser([...inWords("alice"), "contacts", "add", "bob"], { environment });
  expect([sent.exit, sent.stderr]).toEqual([0, expect.stringContaining("This computer's clock is about 3 hours behind the server's.")]);
  const status = await hawser([...inWords("alice"), "status"], { environment });
  expect(status.stdout).toMatch(/^clock {7}about 3 hours behind the server's$/m);
  const { lines } = await hawser([...place.on("alice"), "status"], { environment });
  expect(Math.abs(Number(lines[0]!["clockOffsetMs"]) - 3 * 3_600_000)).toBeLessThan(60_000);
  const listener = new Hawser([...inWords("alice"), "listen"], environment);
  while (!listener.stderr.includes("clock is about 3 hours behind")) await new Promise((resolve) => listener.child.stderr!.once("data", resolve)); // prettier-ignore
  await listener.kill("SIGTERM");
});

test("a right clock: not a word", async () => {
  const status = await hawser([...inWords("bob"), "status"]);
  expect([status.exit, status.stdout + status.stderr]).toEqual([0, expect.not.stringContaining("clock")]);
});
