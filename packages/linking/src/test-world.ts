/**
 * A world for both machines of one link, for tests: a rendezvous that keeps slots but loses, repeats and reorders what it
 * says; an account's list; symbolic cryptography (a sealed thing is its content); a clock that only timers move. Every step is
 * chosen by a seed. A crash throws a side's memory away and resumes from its last persisted JSON.
 */
import { fromUtf8, fromBase64Url, toBase64Url, utf8 } from "@hawser/base";
import { INITIAL_COMPANION, resumeCompanion, stepCompanion } from "./companion-machine.ts";
import type { CompanionState } from "./companion-state.ts";
import type { CompanionEffect, CompanionInput, LinkTimer, PhoneEffect, PhoneInput, Side } from "./link-effects.ts";
import type { AccountPasskeys, ApprovalFields, LinkJob, LinkJobResult, OfferFields } from "./link-jobs.ts";
import type { GiverEffect } from "./courier-giver.ts";
import type { TakerEffect } from "./courier-taker.ts";
import { type LinkCodeParts, parseLinkCode } from "./link-code.ts";
import { companionStatus } from "./companion-view.ts";
import { INITIAL_PHONE, resumePhone, stepPhone } from "./phone-machine.ts";
import type { PhoneState } from "./phone-state.ts";

export const ORIGIN = "https://chat.example";
/** What an authenticator signs on a page that is not ours. */
export const ELSEWHERE = "elsewhere";
const LINK_LIFETIME_MS = 600_000;

export function seededRandom(seed: number): { next: () => number; bytes: (sizeBytes: number) => Uint8Array } {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { next, bytes: (sizeBytes) => Uint8Array.from({ length: sizeBytes }, () => Math.floor(next() * 256)) };
}

type AnyEffect = PhoneEffect<PhoneState> | CompanionEffect<CompanionState> | GiverEffect | TakerEffect;

const seal = (content: unknown): string => toBase64Url(utf8(JSON.stringify(content)));
const unseal = <T>(body: string): T => JSON.parse(fromUtf8(fromBase64Url(body)!)!) as T;
const placeOf = (nameplate: string): string => toBase64Url(utf8(`place of a nameplate ${nameplate}`));
/** A public key is its secret, backwards. */
const publicOf = (secret: string): string => toBase64Url(fromBase64Url(secret)!.toReversed());

interface Listed {
  readonly device: number;
  readonly attemptId: string;
  readonly signingKey: string;
  readonly dhKey: string;
  revoked: boolean;
}

export interface Actor<State, Effect> {
  state: State;
  saved: string;
  tasks: Effect[];
  timers: Map<LinkTimer, number>;
  watches: Map<string, { rendezvousId: string; side: Side; fromIndex: number }>;
}

export class LinkWorld {
  readonly random: ReturnType<typeof seededRandom>;
  nowMs = 1_700_000_000_000;
  readonly slots = new Map<string, { body: string; token: string; atMs: number }>();
  readonly list: Listed[] = [];
  readonly connectedDevices = new Set<number>();
  readonly buried = new Set<string>();
  readonly signedKeys = new Map<string, Set<string>>();
  readonly companion: Actor<CompanionState, CompanionEffect<CompanionState>>;
  phone: Actor<PhoneState, PhoneEffect<PhoneState>>;
  lossy = true;
  /** The account's passkeys, where it has any. */
  passkeys: AccountPasskeys | undefined;
  /** The digits were typed for the attempt that is being signed. */
  typed = false;
  approvals = 0;
  scans = 0;
  violations: string[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.companion = {
      state: INITIAL_COMPANION,
      saved: JSON.stringify(INITIAL_COMPANION),
      tasks: [],
      timers: new Map(),
      watches: new Map(),
    };
    this.phone = { state: INITIAL_PHONE, saved: JSON.stringify(INITIAL_PHONE), tasks: [], timers: new Map(), watches: new Map() };
  }

  tellCompanion(input: CompanionInput): void {
    const step = stepCompanion(this.companion.state, input, this);
    this.companion.state = step.state;
    this.take(this.companion, step.effects);
  }

  tellPhone(input: PhoneInput): void {
    const step = stepPhone(this.phone.state, input, this);
    this.phone.state = step.state;
    this.take(this.phone, step.effects);
  }

  protected take<State, Effect extends AnyEffect>(actor: Actor<State, Effect>, effects: readonly Effect[]): void {
    if (effects.length > 0 && effects[0]!.type !== "persist") this.violations.push("an effect came before persist");
    for (const effect of effects) {
      if (effect.type === "persist") actor.saved = JSON.stringify(effect.state);
      else if (effect.type === "set-timer") actor.timers.set(effect.timer, this.nowMs + effect.afterMs);
      else if (effect.type === "clear-timer") actor.timers.delete(effect.timer);
      else if (effect.type === "rendezvous-watch") actor.watches.set(`${effect.rendezvousId}|${effect.side}`, effect);
      else if (effect.type === "rendezvous-leave")
        for (const key of actor.watches.keys()) if (key.startsWith(effect.rendezvousId)) actor.watches.delete(key);
      if (["crypto", "rendezvous-put", "activate", "sign-list", "check-activity", "undo-list", "open-code"].includes(effect.type))
        actor.tasks.push(effect);
    }
  }

  crash(side: Side): void {
    const actor = side === "phone" ? this.phone : this.companion;
    actor.tasks = [];
    actor.timers.clear();
    actor.watches.clear();
    if (side === "phone") {
      const step = resumePhone(JSON.parse(this.phone.saved) as PhoneState, this);
      this.phone.state = step.state;
      this.take(this.phone, step.effects);
    } else {
      const step = resumeCompanion(JSON.parse(this.companion.saved) as CompanionState, this);
      this.companion.state = step.state;
      this.take(this.companion, step.effects);
    }
  }

  /** Carries out one waiting task of a side, any of them; the network may lose question or answer. */
  work(side: Side): void {
    if (side === "phone") {
      const task = this.pick(this.phone.tasks);
      if (task !== undefined) this.#phoneTask(task);
    } else {
      const task = this.pick(this.companion.tasks);
      if (task !== undefined) this.#companionTask(task);
    }
  }

  protected pick<T>(tasks: T[]): T | undefined {
    return tasks.splice(Math.floor(this.random.next() * tasks.length), 1)[0];
  }

  protected lost(): boolean {
    return this.lossy && this.random.next() < 0.25;
  }

  #phoneTask(task: PhoneEffect<PhoneState>): void {
    if (task.type === "crypto") this.tellPhone({ type: "crypto-result", effectId: task.effectId, result: this.compute(task.job) });
    else if (task.type === "rendezvous-put") this.put(task, (input) => this.tellPhone(input));
    else if (task.type === "sign-list") {
      const isShown = this.phone.state.passkeyCheck === "verified" || (this.typed && this.passkeys?.required !== true);
      if (this.passkeys !== undefined && !isShown) this.violations.push("signed without a passkey and without the digits");
      const keys = this.signedKeys.get(task.attemptId) ?? new Set();
      this.signedKeys.set(task.attemptId, keys.add(`${task.signingKey}|${task.dhKey}`));
      let listed = this.list.find(({ attemptId }) => attemptId === task.attemptId);
      if (this.buried.has(task.attemptId))
        return this.tellPhone({ type: "list-signed", effectId: task.effectId, result: { ok: false, error: "LIST_INVALID" } });
      if (listed === undefined)
        this.list.push(
          (listed = {
            device: this.list.length + 2,
            attemptId: task.attemptId,
            signingKey: task.signingKey,
            dhKey: task.dhKey,
            revoked: false,
          }),
        );
      const approval: ApprovalFields = {
        device: listed.device,
        lists: [{ payload: seal(this.list), signature: "" }],
        stateKey: "k",
        handle: "ayse",
        displayName: "Ayşe",
        phoneDevice: 1,
      };
      if (!this.lost()) this.tellPhone({ type: "list-signed", effectId: task.effectId, result: { ok: true, approval } });
    } else if (task.type === "check-activity") {
      if (this.lost()) return this.tellPhone({ type: "activity", effectId: task.effectId, everConnected: undefined });
      this.tellPhone({ type: "activity", effectId: task.effectId, everConnected: this.connectedDevices.has(task.device) });
    } else if (task.type === "undo-list") {
      if (this.lost()) return this.tellPhone({ type: "list-undone", effectId: task.effectId, done: false });
      this.buried.add(task.attemptId);
      for (const listed of this.list) if (listed.attemptId === task.attemptId) listed.revoked = true;
      if (!this.lost()) this.tellPhone({ type: "list-undone", effectId: task.effectId, done: true });
    }
  }

  #companionTask(task: CompanionEffect<CompanionState>): void {
    if (task.type === "crypto") this.tellCompanion({ type: "crypto-result", effectId: task.effectId, result: this.compute(task.job) });
    else if (task.type === "rendezvous-put") this.put(task, (input) => this.tellCompanion(input));
    else if (task.type === "activate") {
      const listed = this.list.find(({ device }) => device === task.approval.device);
      if (
        listed === undefined ||
        listed.signingKey !== publicOf(task.secrets.signingSeed) ||
        listed.dhKey !== publicOf(task.secrets.dhSecret)
      )
        this.violations.push("activated without a list that certifies its keys");
      // A client's session goes on trying for as long as it takes.
      if (this.lost()) this.companion.tasks.push(task);
      else if (listed?.revoked === true) this.tellCompanion({ type: "revoked" });
      else {
        this.connectedDevices.add(task.approval.device);
        if (this.lost()) this.companion.tasks.push(task);
        else this.tellCompanion({ type: "activated" });
      }
    }
  }

  protected put(
    task: Extract<PhoneEffect<PhoneState>, { type: "rendezvous-put" }>,
    tell: (input: Extract<PhoneInput, { type: "put-result" }>) => void,
  ): void {
    if (this.lost()) {
      if (this.random.next() < 0.5)
        tell({ type: "put-result", effectId: task.effectId, result: { ok: false, error: "UNREACHABLE", retryAfterMs: 0 } });
      return;
    }
    const key = `${task.rendezvousId}|${task.side}|${task.index}`;
    const there = this.slots.get(key);
    const first = this.slots.get(`${task.rendezvousId}|phone|0`);
    const expired = first !== undefined && this.nowMs > first.atMs + LINK_LIFETIME_MS;
    // A code scanned twice is somebody else's slot by now; the same writer changing its mind is a fault.
    if (there !== undefined && there.token === task.writerToken && there.body !== task.body)
      this.violations.push("a slot was written twice with different bytes");
    const conflict = there !== undefined && there.token !== task.writerToken;
    if (!expired && there === undefined) this.slots.set(key, { body: task.body, token: task.writerToken, atMs: this.nowMs });
    if (this.lost()) return;
    if (expired) tell({ type: "put-result", effectId: task.effectId, result: { ok: false, error: "RENDEZVOUS_EXPIRED", retryAfterMs: 0 } });
    else if (conflict)
      tell({ type: "put-result", effectId: task.effectId, result: { ok: false, error: "RENDEZVOUS_CONFLICT", retryAfterMs: 0 } });
    else tell({ type: "put-result", effectId: task.effectId, result: { ok: true } });
  }

  /** Pushes one watched slot, any of them, also one that was pushed before. */
  deliver(side: Side): void {
    const actor = side === "phone" ? this.phone : this.companion;
    const seen = [...this.slots].flatMap(([key, { body }]) => {
      const [rendezvousId, from, index] = key.split("|") as [string, Side, string];
      const watch = actor.watches.get(`${rendezvousId}|${from}`);
      return watch === undefined || Number(index) < watch.fromIndex
        ? []
        : [{ type: "slot" as const, rendezvousId, index: Number(index), body }];
    });
    const slot = this.pick(seen);
    if (slot === undefined || this.lost()) return;
    if (side === "phone") this.tellPhone(slot);
    else this.tellCompanion(slot);
  }

  /** Moves the clock to the next timer and fires it. */
  tick(): boolean {
    const due = [...this.phone.timers].map(([timer, atMs]) => ({ side: "phone" as const, timer, atMs }));
    const next = [...due, ...[...this.companion.timers].map(([timer, atMs]) => ({ side: "companion" as const, timer, atMs }))].sort(
      (a, b) => a.atMs - b.atMs,
    )[0];
    if (next === undefined) return false;
    this.nowMs = Math.max(this.nowMs, next.atMs);
    (next.side === "phone" ? this.phone : this.companion).timers.delete(next.timer);
    if (next.side === "phone") this.tellPhone({ type: "timer", timer: next.timer });
    else this.tellCompanion({ type: "timer", timer: next.timer });
    return true;
  }

  /** A fresh attempt of the phone, when its last one ended. */
  scan(): void {
    const { uri } = companionStatus(this.companion.state);
    const code = uri === undefined ? undefined : parseLinkCode(uri, ORIGIN);
    if (code?.ok !== true || !["idle", "failed", "active"].includes(this.phone.state.kind)) return;
    if (this.phone.state.kind !== "idle")
      this.phone = { state: INITIAL_PHONE, saved: JSON.stringify(INITIAL_PHONE), tasks: [], timers: new Map(), watches: new Map() };
    this.scans++;
    this.tellPhone({
      type: "scan",
      code: code.value,
      account: { accountId: toBase64Url(new Uint8Array(20)), handle: "ayse", origin: ORIGIN },
      failuresInARow: 0,
      ...(this.passkeys === undefined ? {} : { passkeys: this.passkeys }),
    });
  }

  approve(): void {
    if (this.phone.state.kind === "comparing") this.approvals++;
    const typed = this.passkeys !== undefined && this.random.next() < 0.5;
    if (this.phone.state.kind === "comparing") this.typed = typed;
    this.tellPhone({ type: "approve", ...(typed ? { typedCode: "123456" } : {}) });
  }

  /** The companion's person uses a passkey here or on a fake page, or has none. */
  answerPasskey(): void {
    const signature = [undefined, "genuine", "genuine", "genuine", "genuine", ELSEWHERE][Math.floor(this.random.next() * 6)];
    const answer = signature === undefined ? undefined : { credentialId: "AQ", clientDataJson: "", authenticatorData: "", signature };
    this.tellCompanion({ type: "passkey", answer });
  }

  protected compute(job: LinkJob): LinkJobResult {
    switch (job.kind) {
      case "make-code":
        return { kind: "make-code", publicKey: publicOf(job.ephemeralSecret) };
      case "make-offer":
        return { kind: "make-offer", offerEnvelope: seal(job.offer) };
      case "answer-offer": {
        const { origin, deviceName, platform } = job;
        const request = {
          signingKey: publicOf(job.secrets.signingSeed),
          dhKey: publicOf(job.secrets.dhSecret),
          origin,
          deviceName,
          platform,
          answersPasskey: job.passkeys,
        };
        const offer = unseal<OfferFields>(job.channel.offerEnvelope);
        const { passkey } = offer;
        const asked = passkey !== undefined && job.passkeys ? { passkey: { ...passkey, challenge: offer.attemptId } } : {};
        return { kind: "answer-offer", offer, requestEnvelope: seal(request), matchCode: "123456", ...asked };
      }
      case "open-request":
        return { kind: "open-request", request: unseal(job.requestEnvelope), matchCode: "123456" };
      case "seal-decision":
        return { kind: "seal-decision", decisionEnvelope: seal(job.decision) };
      case "open-decision":
        return { kind: "open-decision", decision: unseal(job.decisionEnvelope) };
      case "seal-active":
        return { kind: "seal-active", activeEnvelope: seal(job.device) };
      case "open-active":
        return unseal<number>(job.activeEnvelope) === job.device ? { kind: "open-active" } : { kind: "failed", error: "CHANNEL_TAMPERED" };
      case "seal-passkey":
        return { kind: "seal-passkey", passkeyEnvelope: seal(job.answer?.signature ?? "none") };
      case "open-passkey": {
        const word = unseal<string>(job.passkeyEnvelope);
        return { kind: "open-passkey", outcome: word === "none" ? "none" : word === ELSEWHERE ? "other-origin" : "verified" };
      }
      case "seal-end":
        return { kind: "seal-end", endEnvelope: seal(job.error) };
      case "open-end":
        return { kind: "open-end", error: unseal(job.endEnvelope) };
      case "courier-locate":
        return { kind: "courier-locate", rendezvousId: placeOf(job.nameplate) };
      case "courier-share":
        return { kind: "courier-share", rendezvousId: placeOf(job.nameplate), shareEnvelope: seal("share") };
      case "courier-answer":
        return { kind: "courier-answer", answerEnvelope: seal(job.side.password) };
      case "courier-check": {
        const right = unseal(job.answerEnvelope) === job.side.password;
        return { kind: "courier-check", right, replyEnvelope: seal(right ? job.parts : "refusal") };
      }
      case "courier-open":
      case "reverse-open": {
        const reply = unseal<LinkCodeParts | "refusal">(job.replyEnvelope);
        return reply === "refusal" ? { kind: "courier-failed", error: "CODE_WRONG" } : { kind: job.kind, parts: reply };
      }
      case "reverse-seal":
        return { kind: "reverse-seal", replyEnvelope: seal(job.parts) };
    }
  }
}
