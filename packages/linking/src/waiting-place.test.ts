/** A link that waits for its turn: both screens show the place, nothing times out meanwhile, and nothing waits for ever. */
import { expect, test } from "vitest";
import { ROTATE_MS } from "./companion-state.ts";
import { companionStatus } from "./companion-view.ts";
import { REQUEST_DEADLINE_MS } from "./phone-state.ts";
import { phoneStatus } from "./phone-view.ts";
import { companionUpTo, phoneUpTo } from "./test-probe.ts";
import { MAX_WAIT_FOR_TURN_MS, waitForTurn } from "./waiting-place.ts";

test("the phone shows its place, waits as long as the line takes, and puts its offer again when its turn has come", () => {
  const probe = phoneUpTo("offering");
  const { rendezvousId } = probe.state.channel!;
  expect(probe.timers.get("deadline")).toBe(REQUEST_DEADLINE_MS);
  const told = probe.tell({ type: "place", rendezvousId, place: 7, estimateMs: 200_000 });
  expect(told.some((effect) => effect.type === "rendezvous-put")).toBe(false);
  expect(phoneStatus(probe.state).queue).toEqual({ place: 7, estimateMs: 200_000 });
  expect(probe.timers.get("deadline")).toBe(200_000 + REQUEST_DEADLINE_MS);
  const error = { ok: false, error: "ADMISSION_QUEUED", retryAfterMs: 25_000 } as const;
  probe.tell({ type: "put-result", effectId: probe.state.asked, result: error });
  expect([probe.state.kind, probe.timers.get("retry")]).toEqual(["offering", 25_000]);

  const turn = probe.tell({ type: "place", rendezvousId, place: 0, estimateMs: 0 });
  expect(turn.filter((effect) => effect.type === "rendezvous-put")).toHaveLength(1);
  expect(phoneStatus(probe.state).queue).toBeUndefined();
  expect(probe.timers.get("deadline")).toBe(REQUEST_DEADLINE_MS);
});

test("a place of another rendezvous, or after the offer was taken, means nothing", () => {
  const probe = phoneUpTo("offering");
  const { rendezvousId } = probe.state.channel!;
  expect(probe.tell({ type: "place", rendezvousId: "AAAA", place: 3, estimateMs: 1 })).toEqual([]);
  probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
  expect(probe.tell({ type: "place", rendezvousId, place: 3, estimateMs: 1 })).toEqual([]);
});

test("the companion shows the same place, and its code stays while the phone waits", () => {
  const probe = companionUpTo("waiting-for-scan");
  const { rendezvousId } = probe.state.codes[0]!;
  const { rotations } = probe.state;
  probe.tell({ type: "place", rendezvousId, place: 40, estimateMs: 400_000 });
  expect(companionStatus(probe.state)).toMatchObject({ stage: "waiting-for-scan", queue: { place: 40, estimateMs: 400_000 } });
  expect(probe.timers.get("deadline")).toBe(400_000 + ROTATE_MS);
  probe.tell({ type: "place", rendezvousId, place: 0, estimateMs: 0 });
  expect(companionStatus(probe.state).queue).toBeUndefined();
  expect(probe.state.rotations).toBe(rotations);
  probe.tell({ type: "slot", rendezvousId, index: 0, body: "AQ" });
  expect(probe.state.kind).toBe("answering");
});

test("a full line ends the attempt with a time to come back; a crowd is nobody's failure", () => {
  const probe = phoneUpTo("offering");
  const result = { ok: false, error: "ADMISSION_FULL", retryAfterMs: 90_000 } as const;
  probe.tell({ type: "put-result", effectId: probe.state.asked, result });
  expect(phoneStatus(probe.state)).toMatchObject({
    stage: "failed",
    error: { name: "ADMISSION_FULL", canRetry: true, retryAtMs: 1_090_000 },
    failuresInARow: 0,
  });
});

test("a long rate limit is told with its time, a short one is waited for", () => {
  const long = phoneUpTo("offering");
  const limited = (retryAfterMs: number) => ({ ok: false, error: "RATE_LIMITED", retryAfterMs }) as const;
  long.tell({ type: "put-result", effectId: long.state.asked, result: limited(45_000) });
  expect(phoneStatus(long.state).error).toEqual({ name: "RATE_LIMITED", canRetry: true, retryAtMs: 1_045_000 });
  const short = phoneUpTo("offering");
  short.tell({ type: "put-result", effectId: short.state.asked, result: limited(8_000) });
  expect([short.state.kind, short.timers.get("retry")]).toEqual(["offering", 8_000]);
});

test("whatever a server says, nobody waits longer than the bound", () => {
  let { turn, leftMs } = waitForTurn(undefined, { place: 9, estimateMs: 4_000_000_000 }, 30_000, 0);
  expect(leftMs).toBe(MAX_WAIT_FOR_TURN_MS);
  for (let nowMs = 0; nowMs <= MAX_WAIT_FOR_TURN_MS; nowMs += 15_000) {
    ({ turn, leftMs } = waitForTurn(turn, { place: 9, estimateMs: 60_000 }, 30_000, nowMs));
    expect(nowMs + leftMs).toBeLessThanOrEqual(MAX_WAIT_FOR_TURN_MS);
  }
  // A clock that was set back a year does not make it longer either.
  expect(waitForTurn(turn, { place: 9, estimateMs: 4_000_000_000 }, 30_000, -31_536_000_000).leftMs).toBe(MAX_WAIT_FOR_TURN_MS);
});
