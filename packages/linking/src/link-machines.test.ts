/**
 * Each machine by itself: its tables have no dead end, every stage ends by its deadline with its own code, and the rules for
 * codes, failures in a row, certificates and undoing hold.
 */
import { toMermaid } from "@hawser/base";
import { describe, expect, test } from "vitest";
import { COMPANION_STATES, type CompanionState } from "./companion-state.ts";
import { companionStatus } from "./companion-view.ts";
import {
  companionDeadEnds,
  describeCompanion,
  describePhone,
  phoneDeadEnds,
  phoneStatus,
  resumeCompanion,
  resumePhone,
  stepCompanion,
} from "./index.ts";
import { PHONE_STATES, type PhoneState } from "./phone-state.ts";
import type { LinkJobResult } from "./link-jobs.ts";
import {
  approval,
  companionUpTo,
  context,
  good,
  key,
  phoneProbe,
  phoneUpTo,
  REFUSED,
  request,
  results,
  SCAN,
  START,
} from "./test-probe.ts";

describe("tables", () => {
  test("every waiting state has a deadline and a way out", () => expect([...companionDeadEnds(), ...phoneDeadEnds()]).toEqual([]));
  test.each([
    ["companion", describeCompanion, COMPANION_STATES],
    ["phone", describePhone, PHONE_STATES],
  ] as const)("every state of the %s can be reached, and the diagram names each", (_name, rows, states) => {
    expect([...new Set(["idle", ...rows().map(({ next }) => next)])].sort()).toEqual(Object.keys(states).sort());
    for (const kind of Object.keys(states)) expect(toMermaid(rows())).toContain(kind);
  });
});

describe("each stage that gets no answer ends by its deadline, with its own code", () => {
  test.each([
    ["preparing", "failed", "SCAN_DEADLINE"],
    ["waiting-for-scan", "preparing", undefined],
    ["answering", "failed", "REQUEST_DEADLINE"],
    ["requesting", "failed", "SERVER_UNREACHABLE"],
    ["comparing", "ending", "DECISION_DEADLINE"],
    ["checking", "ending", "DECISION_DEADLINE"],
    ["hearing-end", "ending", "DECISION_DEADLINE"],
    ["ending", "failed", "CANCELLED"],
    ["activating", "unconfirmed", "ACTIVATION_DEADLINE"],
    ["telling", "active", undefined],
  ])("companion %s → %s %s", (kind, next, error) => {
    const probe = companionUpTo(kind);
    expect(probe.timers.get("deadline")).toBe(COMPANION_STATES[kind as CompanionState["kind"]].afterMs);
    probe.tell({ type: "timer", timer: "deadline" });
    expect([probe.state.kind, companionStatus(probe.state).error?.name]).toEqual([next, error]);
  });

  test.each([
    ["opening", "failed", "REQUEST_DEADLINE"],
    ["offering", "failed", "REQUEST_DEADLINE"],
    ["reading", "failed", "REQUEST_DEADLINE"],
    ["comparing", "sealing-rejection", "DECISION_DEADLINE"],
    ["signing", "undoing", "SERVER_UNREACHABLE"],
    ["sealing", "undoing", "ACTIVATION_DEADLINE"],
    ["handing-over", "checking-activity", "SERVER_UNREACHABLE"],
    ["awaiting-activation", "checking-activity", "ACTIVATION_DEADLINE"],
    ["confirming", "checking-activity", "ACTIVATION_DEADLINE"],
    ["checking-activity", "checking-activity", "ACTIVATION_DEADLINE"],
    ["hearing-end", "failed", "DECISION_DEADLINE"],
    ["ending", "failed", "CANCELLED"],
    ["undoing", "undoing", "SERVER_UNREACHABLE"],
    ["sealing-rejection", "failed", "DECLINED"],
    ["rejecting", "failed", "DECLINED"],
  ])("phone %s → %s %s", (kind, next, error) => {
    const probe = phoneUpTo(kind);
    expect(probe.timers.get("deadline")).toBe(PHONE_STATES[kind as PhoneState["kind"]].afterMs);
    probe.tell({ type: "timer", timer: "deadline" });
    expect([probe.state.kind, phoneStatus(probe.state).error?.name]).toEqual([next, error]);
  });
});

describe("companion", () => {
  test.each(["preparing", "waiting-for-scan"])(
    "a page loaded again while %s shows a code of its own, which works beside the one before",
    (kind) => {
      const probe = companionUpTo("waiting-for-scan");
      const [before] = probe.state.codes;
      if (kind === "preparing") probe.tell({ type: "timer", timer: "deadline" });
      expect(probe.state.kind).toBe(kind);
      const code = { rendezvousId: key(21, 16), secret: key(22), ephemeralSecret: key(23), ephemeralPublicKey: key(24) };
      probe.tell({ ...START, code });
      expect(probe.state).toMatchObject({ kind: "waiting-for-scan", codes: [code, before], rotations: 1 });
      probe.tell({ ...START, code });
      expect(probe.state.codes).toEqual([code, before]);
      probe.tell(START);
      expect(probe.state.codes).toEqual([code, before]);
    },
  );

  test("codes overlap, and after six without a scan the page pauses until somebody asks", () => {
    const probe = companionUpTo("waiting-for-scan");
    const first = probe.state.codes[0]!.rendezvousId;
    probe.tell({ type: "timer", timer: "deadline" });
    expect(companionStatus(probe.state)).toMatchObject({ stage: "waiting-for-scan", uri: expect.stringContaining("/link#1.") as string });
    probe.tell(good(probe));
    expect(probe.state.codes).toHaveLength(2);
    const late = stepCompanion(probe.state, { type: "slot", rendezvousId: first, index: 0, body: "AQ" }, context());
    expect(late.state).toMatchObject({ kind: "answering", channel: { rendezvousId: first } });
    for (let i = 0; i < 20 && probe.state.kind !== "paused"; i++)
      probe.tell(probe.state.kind === "preparing" ? good(probe) : { type: "timer", timer: "deadline" });
    expect(probe.all.filter((effect) => effect.type === "crypto")).toHaveLength(6);
    expect(companionStatus(probe.state)).toMatchObject({ stage: "paused", uri: undefined });
    probe.tell(START);
    expect(probe.state.kind).toBe("preparing");
  });

  test("two scans that failed stop the asking; dismissing the diagnosis starts afresh; a person's no does not count", () => {
    const probe = companionUpTo("answering");
    probe.tell({ type: "crypto-result", effectId: probe.state.asked, result: { kind: "failed", error: "CHANNEL_TAMPERED" } });
    probe.tell(START);
    probe.tell(good(probe));
    probe.tell({ type: "slot", rendezvousId: probe.state.codes[0]!.rendezvousId, index: 0, body: "AQ" });
    probe.tell({ type: "timer", timer: "deadline" });
    expect(companionStatus(probe.state)).toMatchObject({ stage: "failed", failuresInARow: 2, uri: undefined });
    expect(probe.tell(START)).toEqual([]);
    probe.tell({ type: "cancel" });
    probe.tell(START);
    expect(probe.state.kind).toBe("preparing");
    const declined = companionUpTo("checking");
    declined.tell({ type: "crypto-result", effectId: declined.state.asked, result: results[4]! });
    expect(companionStatus(declined.state)).toMatchObject({ stage: "failed", error: { name: "DECLINED" }, failuresInARow: 0 });
  });

  test("once certified, nothing but a verified revocation undoes it", () => {
    const probe = companionUpTo("unconfirmed");
    expect(probe.tell({ type: "cancel" })).toEqual([]);
    expect(probe.state.secrets).toBeDefined();
    probe.tell(START);
    expect(probe.state.kind).toBe("activating");
    probe.tell({ type: "revoked" });
    expect(companionStatus(probe.state)).toMatchObject({ stage: "failed", error: { name: "ACTIVATION_DEADLINE" } });
    expect(JSON.stringify(probe.state)).not.toContain("signingSeed");
  });

  test("a reload shows the same code, with what is left of its minute", () => {
    const { state } = companionUpTo("waiting-for-scan");
    const resumed = resumeCompanion(JSON.parse(JSON.stringify(state)) as CompanionState, { ...context(), nowMs: state.deadlineMs - 5_000 });
    expect(companionStatus(resumed.state).uri).toBe(companionStatus(state).uri);
    expect(resumed.effects).toContainEqual({ type: "set-timer", timer: "deadline", afterMs: 5_000 });
    // A clock that was set back by a day makes nobody wait for a day.
    expect(resumeCompanion(state, { ...context(), nowMs: state.deadlineMs - 86_400_000 }).effects).toContainEqual({
      type: "set-timer",
      timer: "deadline",
      afterMs: 60_000,
    });
  });
});

describe("the end of an attempt is told to the other side", () => {
  const slot = (probe: { state: { channel: { rendezvousId: string } | undefined } }, index: number) =>
    ({ type: "slot", rendezvousId: probe.state.channel!.rendezvousId, index, body: "AQ" }) as const;
  const put = (effects: readonly { type: string }[]) => effects.find(({ type }) => type === "rendezvous-put");

  test("a phone whose approval is refused tells it, once no list names the device; sealed and put again after a crash", () => {
    const probe = phoneUpTo("offering");
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    probe.tell(slot(probe, 0));
    probe.tell(good(probe));
    probe.tell({ type: "approve" });
    probe.tell({ type: "list-signed", effectId: probe.state.asked, result: { ok: true, approval } });
    probe.tell(good(probe));
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: false, error: "NOT_AUTHENTICATED", retryAfterMs: 0 } });
    probe.tell({ type: "activity", effectId: probe.state.asked, everConnected: false });
    expect(probe.state.kind).toBe("undoing");
    expect(probe.all.some((effect) => effect.type === "rendezvous-put" && effect.index === 2)).toBe(false);
    probe.tell({ type: "list-undone", effectId: probe.state.asked, done: true });
    expect(phoneStatus(probe.state)).toMatchObject({ stage: "failed", error: { name: "SERVER_REFUSED" } });
    const sealed = probe.tell(good(probe));
    expect(put(sealed)).toMatchObject({ side: "phone", index: 2, body: "AQ" });
    const resumed = resumePhone(JSON.parse(JSON.stringify(probe.state)) as PhoneState, context());
    expect(put(resumed.effects)).toMatchObject({ index: 2, body: "AQ" });
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: false, error: "UNREACHABLE", retryAfterMs: 0 } });
    expect(put(probe.tell({ type: "timer", timer: "retry" }))).toMatchObject({ index: 2, body: "AQ" });
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    expect(probe.state).toMatchObject({ kind: "failed", error: "SERVER_REFUSED", channel: undefined });
  });

  test("a companion that waits hears it, says whose it is, and tells nothing back", () => {
    const probe = companionUpTo("comparing");
    probe.tell(slot(probe, 2));
    probe.tell(good(probe));
    expect(companionStatus(probe.state)).toMatchObject({
      stage: "failed",
      error: { name: "SERVER_REFUSED", toldByOther: true },
      failuresInARow: 1,
    });
    expect(probe.state).toMatchObject({ kind: "failed", channel: undefined });
  });

  test("an end that the channel does not open is said to be tampered with", () => {
    const probe = companionUpTo("hearing-end");
    probe.tell({ type: "crypto-result", effectId: probe.state.asked, result: { kind: "failed", error: "CHANNEL_TAMPERED" } });
    expect(companionStatus(probe.state).error).toEqual({ name: "CHANNEL_TAMPERED", canRetry: true });
  });

  test.each(["activating", "unconfirmed", "telling"])("certified, %s: a late end changes nothing, the list decides", (kind) => {
    const probe = companionUpTo(kind);
    const before = probe.state;
    expect(probe.tell(slot(probe, 2))).toEqual([]);
    expect(probe.state).toBe(before);
  });

  test("a companion that gives up tells the phone, which asks nobody any more; a new code does not wait for that", () => {
    const probe = companionUpTo("ending");
    expect(put(probe.tell(good(probe)))).toMatchObject({ side: "companion", index: 2 });
    expect(companionStatus(probe.state)).toMatchObject({ stage: "failed", deadlineMs: undefined, error: { name: "CANCELLED" } });
    probe.tell(START);
    expect(probe.state).toMatchObject({ kind: "preparing", channel: undefined });
    const phone = phoneUpTo("hearing-end");
    phone.tell({ type: "crypto-result", effectId: phone.state.asked, result: { kind: "open-end", error: "CANCELLED" } });
    expect(phoneStatus(phone.state)).toMatchObject({ stage: "failed", error: { name: "CANCELLED", toldByOther: true } });
    expect(phone.all.some(({ type }) => type === "sign-list")).toBe(false);
  });

  test("after the signature the phone asks the server whether the device came alive before it believes an end", () => {
    for (const everConnected of [true, false]) {
      const probe = phoneUpTo("awaiting-activation");
      probe.tell(slot(probe, 2));
      probe.tell({ type: "crypto-result", effectId: probe.state.asked, result: { kind: "open-end", error: "LIST_INVALID" } });
      expect(probe.state.kind).toBe("checking-activity");
      probe.tell({ type: "activity", effectId: probe.state.asked, everConnected });
      expect(probe.state).toMatchObject(
        everConnected ? { kind: "active", toldByOther: false } : { kind: "undoing", error: "LIST_INVALID" },
      );
    }
  });
});

describe("phone", () => {
  test("a code that somebody else used is said so", () => {
    const probe = phoneUpTo("offering");
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: REFUSED });
    expect(phoneStatus(probe.state).error?.name).toBe("CODE_ALREADY_USED");
  });

  test("at the device limit the person is asked which device leaves, before a decision and after one; the same attempt goes on", () => {
    const known = phoneProbe();
    known.tell({ ...SCAN, full: true } as typeof SCAN);
    known.tell(good(known));
    known.tell({ type: "slot", rendezvousId: known.state.channel!.rendezvousId, index: 0, body: "AQ" });
    known.tell(good(known));
    const late = phoneUpTo("signing");
    expect(phoneStatus(phoneUpTo("comparing").state).needsRemoval).toBeUndefined();
    late.tell({ type: "list-signed", effectId: late.state.asked, result: { ok: false, error: "DEVICE_LIMIT" } });
    for (const probe of [known, late]) {
      const { attempt, ...status } = phoneStatus(probe.state);
      expect(status).toMatchObject({ stage: "comparing", needsRemoval: true, matchCode: "123 456", error: undefined });
      probe.tell({ type: "approve", remove: 5 });
      expect(probe.all.at(-1)).toMatchObject({ type: "status", status: { stage: "approving", attempt } });
      expect(probe.all.findLast(({ type }) => type === "sign-list")).toMatchObject({ remove: 5, attemptId: probe.state.offer!.attemptId });
      expect(probe.all.some((effect) => effect.type === "crypto" && effect.job.kind === "seal-decision")).toBe(false);
    }
  });

  test("nobody removes a device for it: the companion hears that there is no room; a phone needs none", () => {
    const probe = phoneUpTo("comparing");
    probe.tell({ type: "reject", reason: "DEVICE_LIMIT" });
    expect(probe.state.decision).toEqual({ kind: "rejection", reason: "DEVICE_LIMIT" });
    const phone = phoneProbe();
    phone.tell({ ...SCAN, full: true } as typeof SCAN);
    phone.tell(good(phone));
    phone.tell({ type: "slot", rendezvousId: phone.state.channel!.rendezvousId, index: 0, body: "AQ" });
    const asking: LinkJobResult = { kind: "open-request", request: { ...request(20), kind: "phone" }, matchCode: "123456" };
    phone.tell({ type: "crypto-result", effectId: phone.state.asked, result: asking });
    expect(phoneStatus(phone.state)).toMatchObject({ stage: "comparing" });
    expect(phoneStatus(phone.state).needsRemoval).toBeUndefined();
  });

  test("a full chain of lists and a foreign origin are told to the companion, without a signature", () => {
    const full = phoneUpTo("signing");
    full.tell({ type: "list-signed", effectId: full.state.asked, result: { ok: false, error: "LIST_CHAIN_FULL" } });
    expect(full.state).toMatchObject({ error: "LIST_CHAIN_FULL", decision: { kind: "rejection", reason: "LIST_CHAIN_FULL" } });
    const foreign = phoneUpTo("reading");
    foreign.tell({
      type: "crypto-result",
      effectId: foreign.state.asked,
      result: { kind: "open-request", request: { ...request(1), origin: "https://evil.example" }, matchCode: "1" },
    });
    expect(foreign.state).toMatchObject({ kind: "sealing-rejection", error: "CODE_OTHER_ORIGIN" });
    expect(foreign.all.some(({ type }) => type === "sign-list")).toBe(false);
  });

  test("a device that never came is revoked; one that was seen stays, whatever got lost", () => {
    for (const everConnected of [true, false]) {
      const probe = phoneUpTo("checking-activity");
      probe.tell({ type: "activity", effectId: probe.state.asked, everConnected });
      expect(probe.state.kind).toBe(everConnected ? "active" : "undoing");
      expect(probe.all.some(({ type }) => type === "undo-list")).toBe(!everConnected);
    }
    const seen = phoneUpTo("handing-over");
    seen.tell({ type: "device-seen", device: 2 });
    expect(seen.state.kind).toBe("active");
  });
});
