/** Drives one machine alone, for tests: answers its questions as a good world would, up to any of its states. */
import { assert, toBase64Url } from "@hawser/base";
import type { CompanionState } from "./companion-state.ts";
import { INITIAL_COMPANION, INITIAL_PHONE, stepCompanion, stepPhone } from "./index.ts";
import type { CompanionEffect, CompanionInput, PhoneEffect, PhoneInput, PutOutcome } from "./link-effects.ts";
import type { AccountPasskeys, ApprovalFields, LinkJobResult, OfferFields, PasskeyAnswer } from "./link-jobs.ts";
import type { PhoneState } from "./phone-state.ts";
import { ORIGIN, seededRandom } from "./test-world.ts";

export const key = (byte: number, sizeBytes = 32): string => toBase64Url(new Uint8Array(sizeBytes).fill(byte));
export const offer: OfferFields = { attemptId: key(1, 16), accountId: key(2, 20), handle: "ayse", origin: ORIGIN, protocolMax: 1 };
export const approval: ApprovalFields = {
  device: 2,
  lists: [{ payload: "AA", signature: "AA" }],
  stateKey: key(3),
  handle: "ayse",
  displayName: "Ayşe",
  phoneDevice: 1,
};
export const request = (byte: number) => ({
  kind: "companion" as const,
  signingKey: key(byte),
  dhKey: key(byte + 1),
  deviceName: "Laptop",
  platform: "Chromium",
  origin: ORIGIN,
  answersPasskey: false,
});
export const PASSKEYS: AccountPasskeys = {
  rpId: "chat.example",
  required: false,
  credentials: [{ credentialId: "AQ", publicKey: key(4, 65) }],
};
export const PASSKEY_REQUEST = { rpId: "chat.example", credentialIds: ["AQ"], challenge: key(6) };
export const ANSWER: PasskeyAnswer = { credentialId: "AQ", clientDataJson: "AQ", authenticatorData: "AQ", signature: "AQ" };
export const START: Extract<CompanionInput, { type: "start" }> = {
  type: "start",
  origin: ORIGIN,
  deviceName: "Laptop",
  platform: "Chromium",
};
export const SCAN: PhoneInput = {
  type: "scan",
  code: { rendezvousId: key(7, 16), secret: key(8), publicKey: key(9) },
  account: { accountId: key(2, 20), handle: "ayse", origin: ORIGIN },
  failuresInARow: 0,
};
export const REFUSED: PutOutcome = { ok: false, error: "RENDEZVOUS_CONFLICT", retryAfterMs: 0 };

export const results: LinkJobResult[] = [
  { kind: "make-code", publicKey: key(10) },
  { kind: "answer-offer", offer, requestEnvelope: "AQ", matchCode: "123456" },
  { kind: "answer-offer", offer: { ...offer, origin: "https://evil.example" }, requestEnvelope: "AQ", matchCode: "123456" },
  { kind: "open-decision", decision: { kind: "approval", approval } },
  { kind: "open-decision", decision: { kind: "rejection", reason: "DECLINED" } },
  { kind: "seal-active", activeEnvelope: "AQ" },
  { kind: "make-offer", offerEnvelope: "AQ" },
  { kind: "open-request", request: request(20), matchCode: "123456" },
  { kind: "open-request", request: request(30), matchCode: "654321" },
  { kind: "seal-decision", decisionEnvelope: "AQ" },
  { kind: "open-active" },
  { kind: "failed", error: "CHANNEL_TAMPERED" },
  { kind: "seal-end", endEnvelope: "AQ" },
  { kind: "open-end", error: "SERVER_REFUSED" },
  { kind: "seal-passkey", passkeyEnvelope: "AQ" },
  { kind: "open-passkey", outcome: "verified" },
  { kind: "open-passkey", outcome: "none" },
  { kind: "open-passkey", outcome: "other-origin" },
  { kind: "open-request", request: { ...request(20), answersPasskey: true }, matchCode: "123456" },
  { kind: "answer-offer", offer, requestEnvelope: "AQ", matchCode: "123456", passkey: PASSKEY_REQUEST },
];
export const FITTING: Record<string, number> = {
  "make-code": 0,
  "answer-offer": 1,
  "open-decision": 3,
  "seal-active": 5,
  "make-offer": 6,
  "open-request": 7,
  "seal-decision": 9,
  "open-active": 10,
  "seal-end": 12,
  "open-end": 13,
  "seal-passkey": 14,
  "open-passkey": 15,
};
export const puts: PutOutcome[] = [
  { ok: true },
  { ok: true },
  REFUSED,
  { ok: false, error: "UNREACHABLE", retryAfterMs: 0 },
  { ok: false, error: "OVERLOADED", retryAfterMs: 99_999_999 },
];
export const timerNames = ["deadline", "retry", "poll"] as const;

/** One driver for both machines: knows the job under way and the timers that are set. */
export class Probe<
  State extends { readonly kind: string; readonly asked: number },
  Input,
  Effect extends PhoneEffect<PhoneState> | CompanionEffect<CompanionState>,
> {
  state: State;
  readonly timers = new Map<string, number>();
  readonly all: Effect[] = [];
  job = "";
  readonly #step: (state: State, input: Input) => { state: State; effects: readonly Effect[] };

  constructor(state: State, step: (state: State, input: Input) => { state: State; effects: readonly Effect[] }) {
    this.state = state;
    this.#step = step;
  }

  tell(input: Input): readonly Effect[] {
    const { state, effects } = this.#step(this.state, input);
    this.state = state;
    this.take(effects);
    return effects;
  }

  take(effects: readonly Effect[]): void {
    if (effects.length > 0) assert(effects[0]!.type === "persist", "persist comes first");
    for (const effect of effects) {
      this.all.push(effect);
      if (effect.type === "set-timer") this.timers.set(effect.timer, effect.afterMs);
      else if (effect.type === "clear-timer") this.timers.delete(effect.timer);
      else if (effect.type === "crypto") this.job = effect.job.kind;
    }
  }
}

export const context = () => ({ nowMs: 1_000_000, random: seededRandom(5) });
export const companionProbe = () => {
  const world = context();
  return new Probe<CompanionState, CompanionInput, CompanionEffect<CompanionState>>(INITIAL_COMPANION, (state, input) =>
    stepCompanion(state, input, world),
  );
};
export const phoneProbe = () => {
  const world = context();
  return new Probe<PhoneState, PhoneInput, PhoneEffect<PhoneState>>(INITIAL_PHONE, (state, input) => stepPhone(state, input, world));
};

/** Answers the question under way as a good world would. */
export const good = (probe: { job: string; state: { asked: number } }): PhoneInput & CompanionInput => ({
  type: "crypto-result",
  effectId: probe.state.asked,
  result: results[FITTING[probe.job]!]!,
});
export const companionUpTo = (kind: string) => {
  const probe = companionProbe();
  probe.tell(START);
  for (let i = 0; i < 12 && probe.state.kind !== kind; i++) {
    const { state } = probe;
    if (
      ["preparing", "answering", "checking", "telling"].includes(state.kind) &&
      !(state.kind === "telling" && state.activeEnvelope !== undefined)
    )
      probe.tell(good(probe));
    else if (state.kind === "waiting-for-scan")
      probe.tell({ type: "slot", rendezvousId: state.codes[0]!.rendezvousId, index: 0, body: "AQ" });
    else if (state.kind === "requesting" || state.kind === "telling")
      probe.tell({ type: "put-result", effectId: state.asked, result: { ok: true } });
    else if (state.kind === "comparing" && kind === "ending") probe.tell({ type: "cancel" });
    else if (state.kind === "comparing")
      probe.tell({ type: "slot", rendezvousId: state.channel!.rendezvousId, index: kind === "hearing-end" ? 2 : 1, body: "AQ" });
    else if (state.kind === "activating" && kind === "unconfirmed") probe.tell({ type: "timer", timer: "deadline" });
    else probe.tell({ type: "activated" });
  }
  assert(probe.state.kind === kind, "the way to this state is known");
  return probe;
};
export const phoneUpTo = (kind: string) => {
  const probe = phoneProbe();
  probe.tell(SCAN);
  for (let i = 0; i < 14 && probe.state.kind !== kind; i++) {
    const { state } = probe;
    const { rendezvousId } = state.channel!;
    if (["opening", "reading", "sealing", "sealing-rejection", "confirming"].includes(state.kind)) probe.tell(good(probe));
    else if (state.kind === "offering" && kind === "ending") {
      probe.tell({ type: "put-result", effectId: state.asked, result: { ok: true } });
      probe.tell({ type: "cancel" });
    } else if (state.kind === "comparing" && kind === "hearing-end") probe.tell({ type: "slot", rendezvousId, index: 2, body: "AQ" });
    else if (state.kind === "offering") probe.tell({ type: "slot", rendezvousId, index: 0, body: "AQ" });
    else if (state.kind === "comparing")
      probe.tell(kind === "sealing-rejection" || kind === "rejecting" ? { type: "reject" } : { type: "approve" });
    else if (state.kind === "signing" && kind === "undoing") probe.tell({ type: "timer", timer: "deadline" });
    else if (state.kind === "signing") probe.tell({ type: "list-signed", effectId: state.asked, result: { ok: true, approval } });
    else if (state.kind === "handing-over") probe.tell({ type: "put-result", effectId: state.asked, result: { ok: true } });
    else if (state.kind === "awaiting-activation" && kind === "checking-activity") probe.tell({ type: "timer", timer: "deadline" });
    else probe.tell({ type: "slot", rendezvousId, index: 1, body: "AQ" });
  }
  assert(probe.state.kind === kind, "the way to this state is known");
  return probe;
};
