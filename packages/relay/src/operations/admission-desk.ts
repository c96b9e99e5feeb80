/**
 * The admission of links at the rendezvous role: whose write goes on, whose waits, who is told what. Invariants: refusing touches no store;
 * whoever waits is told their place when it is refused and now and then after that; one timer serves the whole line and
 * runs only while somebody waits.
 */
import { type Bytes, type Clock, type Random, toHex } from "@hawser/base";
import { type AdmissionPlace, AdmissionPlaceSchema, PushSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { DEFAULT_LINK_CAPACITY, LinkAdmission, type LinkCapacity } from "../admission/link-admission.ts";
import type { Ticket } from "../admission/waiting-line.ts";
import { type Answer, refuse } from "./answer.ts";
import type { Caller } from "./operations.ts";

/** How often the line moves. */
const TURN_EVERY_MS = 100;
/** Places are told more often near the front. */
const TELL_MIN_MS = 3_000;
const TELL_MAX_MS = 15_000;
/** Whoever waits shows at least this often that they still do; half of what a ticket lives without being asked for. */
const ASK_AGAIN_MS = 25_000;

const tellEveryMs = (estimateMs: number): number => Math.min(TELL_MAX_MS, Math.max(TELL_MIN_MS, estimateMs / 4));

export interface AdmissionDeskOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly capacity?: Partial<LinkCapacity>;
  /** Connections that watch a rendezvous, whichever side: they see its place too. */
  watchersOf(rendezvousId: Bytes): readonly Caller[];
}

interface Holder {
  readonly caller: Caller;
  readonly rendezvousId: Bytes;
}

export interface LinkLoad {
  readonly waiting: number;
  readonly underWay: number;
}

export class AdmissionDesk {
  readonly #options: AdmissionDeskOptions;
  readonly #admission: LinkAdmission;
  /** Who wrote for a ticket last, and the tickets of each. */
  readonly #holders = new Map<string, Holder>();
  readonly #held = new Map<Caller, Set<string>>();
  #isTurning = false;

  constructor(options: AdmissionDeskOptions) {
    this.#options = options;
    const draw = (): number => {
      const [high, low] = options.random.bytes(2) as unknown as [number, number];
      return (high * 256 + low) / 65_536;
    };
    this.#admission = new LinkAdmission({ ...DEFAULT_LINK_CAPACITY, ...options.capacity }, draw, options.clock.monotonicMs());
  }

  get load(): LinkLoad {
    return { waiting: this.#admission.waiting, underWay: this.#admission.underWay };
  }

  /** `undefined`: the write goes on. `isKnown` says whether the rendezvous was written before: asked only for one that is not under way. */
  check(caller: Caller, rendezvousId: Bytes, isKnown: () => boolean): Answer | undefined {
    const id = toHex(rendezvousId);
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#admission.isAdmitted(id, nowMs)) {
      this.#drop(id);
      return undefined;
    }
    // Begun before this process was: it is finished.
    if (this.#admission.place(id) === undefined && isKnown()) return undefined;
    const verdict = this.#admission.ask(id, caller.address?.account ?? caller.remoteAddress, nowMs);
    switch (verdict.kind) {
      case "admitted":
        return undefined;
      case "full":
        return refuse("ADMISSION_FULL", { retryAfterMs: verdict.retryAfterMs });
      case "waiting":
        this.#hold(id, { caller, rendezvousId });
        this.#tell(verdict.ticket);
        this.#arm();
        return refuse("ADMISSION_QUEUED", { retryAfterMs: ASK_AGAIN_MS });
    }
  }

  placeOf(rendezvousId: Bytes): AdmissionPlace | undefined {
    const ticket = this.#admission.place(toHex(rendezvousId));
    return ticket === undefined ? undefined : this.#message(ticket, rendezvousId);
  }

  /** Only whoever waits for a turn can give it up; a link under way ends when somebody who took part leaves. */
  left(caller: Caller, rendezvousId: Bytes, tookPart: boolean): void {
    const id = toHex(rendezvousId);
    const holder = this.#holders.get(id);
    if (holder === undefined ? !tookPart : holder.caller !== caller) return;
    this.#drop(id);
    this.#admission.end(id);
  }

  disconnected(caller: Caller): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const id of this.#held.get(caller) ?? []) {
      this.#admission.away(id, nowMs);
      this.#holders.delete(id);
    }
    this.#held.delete(caller);
  }

  #hold(id: string, holder: Holder): void {
    if (this.#holders.get(id)?.caller === holder.caller) return;
    this.#drop(id);
    this.#holders.set(id, holder);
    const held = this.#held.get(holder.caller) ?? new Set();
    this.#held.set(holder.caller, held.add(id));
  }

  #drop(id: string): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    this.#holders.delete(id);
    const held = this.#held.get(holder.caller);
    held?.delete(id);
    if (held?.size === 0) this.#held.delete(holder.caller);
  }

  #arm(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#options.clock.after(TURN_EVERY_MS, () => {
      this.#isTurning = false;
      this.#turn();
      // With nobody there the line stands still: the next who asks moves it on.
      if (this.#holders.size > 0) this.#arm();
    });
  }

  #turn(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const id of this.#admission.turn(nowMs)) {
      const holder = this.#holders.get(id);
      this.#drop(id);
      if (holder === undefined) continue;
      const { caller, rendezvousId } = holder;
      this.#push(caller, create(AdmissionPlaceSchema, { rendezvousId, place: 0, estimateMs: 0 }));
    }
    for (const ticket of this.#admission.dueToBeTold(nowMs, tellEveryMs)) this.#tell(ticket);
    for (const id of this.#holders.keys()) if (this.#admission.place(id) === undefined) this.#drop(id);
  }

  #tell(ticket: Ticket): void {
    const holder = this.#holders.get(ticket.id);
    if (holder !== undefined) this.#push(holder.caller, this.#message(ticket, holder.rendezvousId));
  }

  #message(ticket: Ticket, rendezvousId: Bytes): AdmissionPlace {
    return create(AdmissionPlaceSchema, { rendezvousId, place: ticket.place, estimateMs: this.#admission.estimateMs(ticket) });
  }

  /** To whoever writes and to whoever watches. */
  #push(writer: Caller, value: AdmissionPlace): void {
    const push = create(PushSchema, { event: { case: "admissionPlace", value } });
    writer.push(push);
    for (const watcher of this.#options.watchersOf(value.rendezvousId)) if (watcher !== writer) watcher.push(push);
  }
}
