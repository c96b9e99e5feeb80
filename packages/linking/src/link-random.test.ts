/**
 * Invariants over 10,000 random runs of each machine: never throws, never waits without its timer, `persist` comes first,
 * states are JSON; the phone asks for a signature only after an approval and for one pair of keys; the companion activates
 * only after a checked approval; what ended keeps no secret.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COMPANION_STATES, type CompanionState } from "./companion-state.ts";
import { resumeCompanion, resumePhone } from "./index.ts";
import type { CompanionInput, PhoneInput } from "./link-effects.ts";
import { PHONE_STATES, type PhoneState } from "./phone-state.ts";
import { approval, companionProbe, context, FITTING, key, phoneProbe, puts, results, SCAN, START, timerNames } from "./test-probe.ts";

/** One random input; mostly fitting the question under way, so that runs get far. */
const common = (n: number, state: { asked: number }, job: string, rendezvousId: string): PhoneInput & CompanionInput => {
  const m = Math.floor(n / 16);
  const effectId = state.asked - (m % 7 === 0 ? 1 : 0);
  switch (n % 16) {
    case 0:
      return { type: "connected" };
    case 1:
      return { type: "put-result", effectId, result: puts[m % puts.length]! };
    case 2:
      return { type: "crypto-result", effectId, result: results[m % results.length]! };
    case 3:
      return { type: "slot", rendezvousId: key(99, 16), index: m % 3, body: "AQ" };
    case 4:
      return { type: "watch-failed", rendezvousId, error: m % 2 === 0 ? "RENDEZVOUS_EXPIRED" : "OVERLOADED" };
    case 5:
      return m % 9 === 0 ? { type: "cancel" } : { type: "put-result", effectId, result: { ok: true } };
    case 6:
    case 7:
      return { type: "slot", rendezvousId, index: m % 11 === 0 ? 2 : m % 2, body: m % 5 === 0 ? "Ag" : "AQ" };
    default:
      return { type: "crypto-result", effectId: state.asked, result: results[FITTING[job] ?? 0]! };
  }
};

describe("random runs", () => {
  const options = { numRuns: 10_000, seed: 99 };
  // Without bias: shrinking towards small numbers would mean always the same few inputs.
  const numbers = fc.noBias(fc.array(fc.nat(0xff_ffff), { minLength: 10, maxLength: 50 }));

  test("companion", () => {
    let activated = 0;
    fc.assert(
      fc.property(numbers, (inputs) => {
        const probe = companionProbe();
        probe.tell(START);
        for (const n of inputs) {
          const { state } = probe;
          const id = state.channel?.rendezvousId ?? state.codes[n % 2]?.rendezvousId ?? "";
          const input: CompanionInput =
            n % 23 === 0
              ? START
              : n % 23 === 1
                ? { type: "activated" }
                : n % 97 === 2
                  ? { type: "revoked" }
                  : n % 23 === 3
                    ? { type: "timer", timer: timerNames[n % 3]! }
                    : common(n, state, probe.job, id);
          if (input.type === "timer" && !probe.timers.delete(input.timer)) continue;
          const effects = probe.tell(input);
          if (n % 31 === 0) {
            probe.timers.clear();
            const resumed = resumeCompanion(JSON.parse(JSON.stringify(probe.state)) as CompanionState, context());
            probe.state = resumed.state;
            probe.take(resumed.effects);
          }
          if (effects.some(({ type }) => type === "activate")) {
            activated++;
            expect(
              state.kind === "unconfirmed" ||
                state.kind === "activating" ||
                (input.type === "crypto-result" && input.result.kind === "open-decision" && input.result.decision.kind === "approval"),
            ).toBe(true);
          }
          const rule = COMPANION_STATES[probe.state.kind];
          expect(probe.timers.has("deadline")).toBe(rule.resting === undefined);
          if (["idle", "active", "failed", "paused"].includes(probe.state.kind))
            expect(JSON.stringify(probe.state)).not.toMatch(/"(signingSeed|secret|stateKey)"/);
          expect(probe.state.codes.length).toBeLessThanOrEqual(2);
        }
      }),
      options,
    );
    expect(activated).toBeGreaterThan(100);
  });

  test("phone", () => {
    let signed = 0;
    fc.assert(
      fc.property(numbers, (inputs) => {
        const probe = phoneProbe();
        probe.tell(SCAN);
        let approved = false;
        for (const n of inputs) {
          const { state } = probe;
          const m = Math.floor(n / 23);
          const input: PhoneInput =
            n % 23 < 2
              ? { type: "approve" }
              : n % 97 === 2
                ? { type: "reject" }
                : n % 23 === 3
                  ? { type: "timer", timer: timerNames[m % 3]! }
                  : n % 23 === 4
                    ? {
                        type: "list-signed",
                        effectId: state.asked,
                        result:
                          m % 4 === 0
                            ? { ok: false, error: (["RETRY", "DEVICE_LIMIT", "LIST_INVALID", "LIST_CHAIN_FULL"] as const)[(m / 4) % 4]! }
                            : { ok: true, approval },
                      }
                    : n % 23 === 5
                      ? { type: "activity", effectId: state.asked, everConnected: [true, false, undefined][m % 3] }
                      : n % 23 === 6
                        ? { type: "list-undone", effectId: state.asked, done: m % 2 === 0 }
                        : n % 97 === 7
                          ? { type: "device-seen", device: 2 + (m % 2) }
                          : common(n, state, probe.job, state.channel?.rendezvousId ?? "");
          if (input.type === "timer" && !probe.timers.delete(input.timer)) continue;
          if (input.type === "approve" && state.kind === "comparing") approved = true;
          probe.tell(input);
          if (n % 31 === 0) {
            probe.timers.clear();
            const resumed = resumePhone(JSON.parse(JSON.stringify(probe.state)) as PhoneState, context());
            probe.state = resumed.state;
            probe.take(resumed.effects);
          }
          expect(probe.timers.has("deadline")).toBe(PHONE_STATES[probe.state.kind].resting === undefined);
        }
        const asked = probe.all.filter((effect) => effect.type === "sign-list");
        if (asked.length > 0) signed++;
        expect(asked.length === 0 || approved).toBe(true);
        expect(new Set(asked.map(({ signingKey, dhKey, attemptId }) => `${attemptId}${signingKey}${dhKey}`)).size).toBeLessThanOrEqual(1);
        // Only what was asked to be signed is ever undone.
        if (asked.length === 0) expect(probe.all.some(({ type }) => type === "undo-list")).toBe(false);
        const envelopes = probe.all
          .filter((effect) => effect.type === "crypto")
          .map(({ job }) => job)
          .filter((job) => job.kind === "seal-decision");
        expect(new Set(envelopes.map(({ decision }) => JSON.stringify(decision))).size).toBeLessThanOrEqual(1);
      }),
      options,
    );
    expect(signed).toBeGreaterThan(100);
  });
});
