/**
 * One small drill with real processes, so that the engine of `npm run drill -- NAME --real` cannot rot between two measurements: the server
 * in a process, phones on the SDK, a computer in Chromium, the front between their sockets, every figure measured.
 */
import { runForReal } from "@hawser/drills/run-drill";
import { sessionStoreDown } from "@hawser/drills/scenarios/session-store-down";
import { expect, test } from "vitest";
import { whyNot } from "./harness/engines/installed.ts";

/** Seven phones and a computer. */
const SESSIONS = 8;
/** What its twenty minutes become. */
const LONGEST_PASS_MS = 500;

test("a drill with real processes: the sessions store knows nobody, and every goal holds", async ({ skip }) => {
  const reason = whyNot("chromium");
  if (reason !== undefined) skip(reason);
  const { verdicts, figures, lines } = await runForReal(sessionStoreDown, { size: SESSIONS, longestPassMs: LONGEST_PASS_MS });
  const story = lines.map(({ who, text }) => `${who}: ${text}`).join("\n");
  expect(
    verdicts.filter(({ held }) => !held),
    story,
  ).toEqual([]);
  expect(figures["sessions"], "the computer is one of those whose words were read").toBe(SESSIONS);
});
