/**
 * One person who links a computer again: the real machines of both sides, the person between them, and a connection each. They scan,
 * wait for their turn, compare, confirm; when told to come back later they do, at that time; when a code has run out they take the next.
 */
import { fromBase64Url, type Random, toBase64Url } from "@hawser/base";
import {
  type CompanionEffect,
  type CompanionInput,
  type CompanionState,
  INITIAL_COMPANION,
  INITIAL_PHONE,
  type LinkTimer,
  type PhoneEffect,
  type PhoneInput,
  type PhoneState,
  type PutOutcome,
  stepCompanion,
  stepPhone,
  parseLinkCode,
  companionStatus,
  phoneStatus,
} from "@hawser/linking";
import { errorName, type Push, RendezvousSide, type Response } from "@hawser/wire";
import { computeSymbolically } from "./symbolic-jobs.ts";
import { LOOK_MS } from "./waits.ts";
import type { Side, StormLine, StormService, StormTime } from "./storm-world.ts";

export const ORIGIN = "https://chat.storm.example";
const COMPARE_MS = 6_000;
/** What happens on a device itself: a signature, a first connection. */
const LOCAL_MS = 50;
const AGAIN_MS = 5_000;

const CERTIFIED: readonly string[] = ["activating", "unconfirmed", "telling", "active"];

type Effect = PhoneEffect<PhoneState> | CompanionEffect<CompanionState>;

export interface StormEvents {
  /** The person has compared and confirmed. */
  confirmed(): void;
  linked(): void;
  /** Told to come back in so long. */
  sentAway(afterMs: number): void;
  /** The first place in the line that was shown; 0 for a link that goes on at once. */
  placed(place: number): void;
  failed(error: string): void;
}

export class PersonLinking {
  readonly #time: StormTime;
  readonly #service: StormService;
  readonly #random: Random;
  readonly #events: StormEvents;
  readonly #n: number;
  readonly #phoneLine: StormLine;
  readonly #companionLine: StormLine;
  readonly #account: string;
  readonly #timers = new Map<string, () => void>();
  #phone: PhoneState = INITIAL_PHONE;
  #companion: CompanionState = INITIAL_COMPANION;
  #tried = 0;
  #done = false;
  #wasQueued = false;

  constructor(n: number, parts: { time: StormTime; service: StormService; random: Random; events: StormEvents }) {
    this.#n = n;
    this.#time = parts.time;
    this.#service = parts.service;
    this.#random = parts.random;
    this.#events = parts.events;
    this.#account = toBase64Url(Uint8Array.from({ length: 20 }, (_, i) => (n >> (8 * (i % 4))) & 255));
    this.#phoneLine = this.#service.line(n, "phone", (push) => this.#pushed(push, (input) => this.#tellPhone(input)));
    this.#companionLine = this.#service.line(n, "companion", (push) => this.#pushed(push, (input) => this.#tellCompanion(input)));
  }

  begin(): void {
    // A computer whose link was undone is wiped and starts anew.
    if (CERTIFIED.includes(this.#companion.kind)) this.#companion = INITIAL_COMPANION;
    this.#tellCompanion({ type: "cancel" });
    this.#tellCompanion({ type: "start", origin: ORIGIN, deviceName: "computer", platform: "browser" });
    this.#time.after(LOOK_MS, () => this.#scan());
  }

  #scan(): void {
    const { uri } = companionStatus(this.#companion);
    const code = uri === undefined ? undefined : parseLinkCode(uri, ORIGIN);
    if (code?.ok !== true) return void this.#time.after(AGAIN_MS, () => this.begin());
    this.#tried++;
    this.#phone = INITIAL_PHONE;
    this.#tellPhone({
      type: "scan",
      code: code.value,
      account: { accountId: this.#account, handle: "somebody", origin: ORIGIN },
      failuresInARow: 0,
    });
  }

  /** The server is gone: both connections end. */
  cutOff(): void {
    for (const line of [this.#phoneLine, this.#companionLine]) line.gone();
  }

  /** That side is connected again. */
  reconnected(side: Side): void {
    if (side === "phone") this.#tellPhone({ type: "connected" });
    else this.#tellCompanion({ type: "connected" });
  }

  get isDone(): boolean {
    return this.#done;
  }

  get tries(): number {
    return this.#tried;
  }

  #tellPhone(input: PhoneInput): void {
    if (this.#done) return;
    const before = this.#phone.kind;
    const step = stepPhone(this.#phone, input, { nowMs: this.#time.nowMs, random: this.#random });
    this.#phone = step.state;
    for (const effect of step.effects) this.#run("phone", this.#phoneLine, effect, (result) => this.#tellPhone(result as PhoneInput));
    const { kind } = this.#phone;
    const place = phoneStatus(this.#phone).queue?.place;
    if (place !== undefined && place > 0 && !this.#wasQueued) {
      this.#wasQueued = true;
      this.#events.placed(place);
    }
    if (kind === before) return;
    if (kind === "comparing") this.#events.placed(0);
    if (kind === "comparing") this.#time.after(COMPARE_MS, () => this.#confirm());
    if (kind === "active") this.#finish();
    if (kind === "failed") this.#comeBack();
  }

  #confirm(): void {
    if (this.#phone.kind === "comparing") this.#events.confirmed();
    this.#tellPhone({ type: "approve" });
  }

  #tellCompanion(input: CompanionInput): void {
    if (this.#done) return;
    const step = stepCompanion(this.#companion, input, { nowMs: this.#time.nowMs, random: this.#random });
    this.#companion = step.state;
    for (const effect of step.effects)
      this.#run("companion", this.#companionLine, effect, (result) => this.#tellCompanion(result as CompanionInput));
  }

  /** The phone's screen says when; a person does that, with the code that the computer shows then. */
  #comeBack(): void {
    const { error } = phoneStatus(this.#phone);
    const afterMs = Math.max(AGAIN_MS, (error?.retryAtMs ?? 0) - this.#time.nowMs);
    if (error?.retryAtMs === undefined) this.#events.failed(error?.name ?? "nothing");
    else this.#events.sentAway(afterMs);
    this.#time.after(Math.max(0, afterMs - LOOK_MS), () => this.begin());
  }

  #finish(): void {
    this.#done = true;
    for (const cancel of this.#timers.values()) cancel();
    this.cutOff();
    this.#events.linked();
  }

  #run(side: "phone" | "companion", line: StormLine, effect: Effect, tell: (input: PhoneInput | CompanionInput) => void): void {
    const soon = (input: PhoneInput | CompanionInput, afterMs = LOCAL_MS): void => void this.#time.after(afterMs, () => tell(input));
    switch (effect.type) {
      case "crypto":
        return soon({ type: "crypto-result", effectId: effect.effectId, result: computeSymbolically(effect.job) });
      case "rendezvous-put":
        return this.#put(line, effect, tell);
      case "rendezvous-watch":
        return this.#watch(line, effect, tell);
      case "rendezvous-leave":
        return line.ask({ case: "rendezvousLeave", value: { rendezvousId: fromBase64Url(effect.rendezvousId)! } }, () => undefined);
      case "set-timer":
        return this.#setTimer(side, effect.timer, effect.afterMs, tell);
      case "clear-timer":
        this.#timers.get(`${side} ${effect.timer}`)?.();
        return;
      case "sign-list":
        return this.#service.certify(this.#n, (device) => {
          const approval = { device, lists: [], stateKey: "", handle: "somebody", displayName: "", phoneDevice: 1 };
          tell({ type: "list-signed", effectId: effect.effectId, result: { ok: true, approval } });
        });
      case "activate":
        return this.#service.activate(this.#n, () => tell({ type: "activated" }));
      case "check-activity":
        return soon({ type: "activity", effectId: effect.effectId, everConnected: false });
      case "undo-list":
        return soon({ type: "list-undone", effectId: effect.effectId, done: true });
      case "persist":
      case "status":
    }
  }

  #setTimer(side: string, timer: LinkTimer, afterMs: number, tell: (input: CompanionInput & PhoneInput) => void): void {
    const key = `${side} ${timer}`;
    this.#timers.get(key)?.();
    this.#timers.set(
      key,
      this.#time.after(afterMs, () => tell({ type: "timer", timer })),
    );
  }

  #put(line: StormLine, effect: Extract<Effect, { type: "rendezvous-put" }>, tell: (input: PhoneInput & CompanionInput) => void): void {
    const value = {
      rendezvousId: fromBase64Url(effect.rendezvousId)!,
      side: effect.side === "phone" ? RendezvousSide.PHONE : RendezvousSide.COMPANION,
      index: effect.index,
      body: fromBase64Url(effect.body)!,
      writerToken: fromBase64Url(effect.writerToken)!,
    };
    line.ask({ case: "rendezvousPut", value }, (response) =>
      tell({ type: "put-result", effectId: effect.effectId, result: outcomeOf(response) }),
    );
  }

  #watch(line: StormLine, effect: Extract<Effect, { type: "rendezvous-watch" }>, tell: (input: PhoneInput & CompanionInput) => void): void {
    const { rendezvousId, side, fromIndex } = effect;
    const value = {
      rendezvousId: fromBase64Url(rendezvousId)!,
      side: side === "phone" ? RendezvousSide.COMPANION : RendezvousSide.PHONE,
      fromIndex,
    };
    line.ask({ case: "rendezvousWatch", value }, ({ result }) => {
      const error = result.case === "failure" ? errorName(result.value.error) : undefined;
      if (error !== undefined) return tell({ type: "watch-failed", rendezvousId, error });
      tell({ type: "watched", rendezvousId });
      if (result.case === "rendezvousWatch" && result.value.admission !== undefined) tell({ ...placeOf(result.value.admission) });
    });
  }

  #pushed({ event }: Push, tell: (input: PhoneInput & CompanionInput) => void): void {
    if (event.case === "admissionPlace") tell(placeOf(event.value));
    if (event.case !== "rendezvousMessage") return;
    const { rendezvousId, index, body } = event.value;
    tell({ type: "slot", rendezvousId: toBase64Url(rendezvousId), index, body: toBase64Url(body) });
  }
}

const placeOf = ({ rendezvousId, place, estimateMs }: { rendezvousId: Uint8Array; place: number; estimateMs: number }) =>
  ({ type: "place", rendezvousId: toBase64Url(rendezvousId), place, estimateMs }) as const;

function outcomeOf({ result }: Response): PutOutcome {
  if (result.case !== "failure") return { ok: true };
  return { ok: false, error: errorName(result.value.error) ?? "UNREACHABLE", retryAfterMs: result.value.retryAfterMs };
}
