/**
 * Who may link now. A link is one rendezvous: it is admitted once, before its first write, and whatever it does after that is never
 * refused here, so that work begun is finished. Above the capacity links wait in a fair line with a place and an estimate; when
 * the line is full, each is told a time of its own to come back. Invariants: in no second are more than 1.2 × `perSecond`
 * links admitted (from five a second on); no more than `underWay` are under way; everything remembered is bounded; nothing is done for a
 * client that has gone. Messages never pass here. docs/PROTOCOL.md, "Waiting to link".
 */
import { assert } from "@hawser/base";
import { RecentMap } from "../store/recent-map.ts";
import { type Ticket, WaitingLine } from "./waiting-line.ts";

export interface LinkCapacity {
  /** Links begun a second. */
  readonly perSecond: number;
  /** Links begun and not ended. */
  readonly underWay: number;
  /** Links that wait for their turn. */
  readonly waiting: number;
  /** Of these, how many one account, or one network address without an account, may have. */
  readonly waitingPerParty: number;
}

/**
 * A link is four durable writes and two reads: 0.4 ms of processor time in the store where it was measured (75 to 585 links a second on
 * two cores that 18 processes shared). Fifty a second leave nearly all of a core to messages.
 */
export const DEFAULT_LINK_CAPACITY: LinkCapacity = { perSecond: 50, underWay: 3_000, waiting: 3_000, waitingPerParty: 32 };

/** A burst on top of the rate, as a part of a second's links. */
const BURST_PART = 0.2;
/** A link whose turn has come and that does not write is over. */
export const CLAIM_MS = 15_000;
/** Longer than both sides' deadlines together take. */
export const UNDER_WAY_MS = 300_000;
/** A client that lost its connection keeps its place for so long. */
export const KEPT_PLACE_MS = 20_000;
/** A ticket nobody asked for in so long is dropped, though its connection stands: the person went away. */
export const STALE_TICKET_MS = 60_000;
export const MAX_APPOINTMENT_MS = 600_000;
/** Appointments remembered, so that asking again moves nobody's. */
const MAX_APPOINTMENTS = 20_000;
/** How fast the line is seen to move: the weight of the newest second. */
const RATE_WEIGHT = 0.2;

export type AdmissionVerdict =
  | { readonly kind: "admitted" }
  | { readonly kind: "waiting"; readonly ticket: Ticket }
  | { readonly kind: "full"; readonly retryAfterMs: number };

/** Times are monotonic milliseconds; `random` gives numbers in [0, 1). */
export class LinkAdmission {
  readonly #capacity: LinkCapacity;
  readonly #random: () => number;
  readonly #line: WaitingLine;
  /** Admitted, not yet seen to write: until when. In the order of admission, as are those under way. */
  readonly #unclaimed = new Map<string, number>();
  readonly #underWay = new Map<string, number>();
  readonly #appointments = new RecentMap<string, number>(MAX_APPOINTMENTS);
  #lastAppointmentMs = 0;
  /** Time saved up; each link costs `spacingMs` of it. */
  #creditMs: number;
  #creditAtMs: number;
  #ratePerSecond: number;
  #ratedAtMs: number;
  #admittedSinceRated = 0;

  constructor(capacity: LinkCapacity, random: () => number, nowMs: number) {
    assert(capacity.perSecond > 0 && capacity.underWay >= 1, "a capacity is positive");
    this.#capacity = capacity;
    this.#random = random;
    this.#line = new WaitingLine(capacity.waiting, capacity.waitingPerParty);
    this.#creditMs = this.#mostCreditMs;
    this.#creditAtMs = nowMs;
    this.#ratePerSecond = capacity.perSecond;
    this.#ratedAtMs = nowMs;
  }

  get waiting(): number {
    return this.#line.size;
  }

  get underWay(): number {
    return this.#underWay.size + this.#unclaimed.size;
  }

  /** Idempotent: the same link keeps its admission or its place. */
  ask(id: string, party: string, nowMs: number): AdmissionVerdict {
    if (this.isAdmitted(id, nowMs)) return { kind: "admitted" };
    const ticket = this.#line.find(id);
    if (ticket !== undefined) {
      ticket.askedAtMs = nowMs;
      ticket.awaySinceMs = undefined;
      return { kind: "waiting", ticket };
    }
    if (this.#line.size === 0 && this.#takeTurn(nowMs)) {
      this.#underWay.set(id, nowMs + UNDER_WAY_MS);
      return { kind: "admitted" };
    }
    if (!this.#line.hasRoom(party)) return { kind: "full", retryAfterMs: this.#appointment(party, nowMs) };
    if (this.#line.size === 0) this.#startRating(nowMs);
    return { kind: "waiting", ticket: this.#line.join(id, party, nowMs) };
  }

  /** Whether it was admitted; with this its turn is taken up. */
  isAdmitted(id: string, nowMs: number): boolean {
    if (this.#underWay.has(id)) return true;
    if (!this.#unclaimed.delete(id)) return false;
    this.#underWay.set(id, nowMs + UNDER_WAY_MS);
    return true;
  }

  place(id: string): Ticket | undefined {
    return this.#line.find(id);
  }

  estimateMs(ticket: Ticket): number {
    return Math.ceil((ticket.place * 1_000) / this.#ratePerSecond);
  }

  /** It is over, or its person gave up. */
  end(id: string): void {
    this.#line.remove(id, false);
    this.#unclaimed.delete(id);
    this.#underWay.delete(id);
  }

  /** Its client lost the connection: it keeps its place for a while, and is passed over meanwhile. */
  away(id: string, nowMs: number): void {
    const ticket = this.#line.find(id);
    if (ticket !== undefined) ticket.awaySinceMs ??= nowMs;
  }

  /** Whose turn has come by now. */
  turn(nowMs: number): string[] {
    this.#sweep(nowMs);
    const admitted: string[] = [];
    for (const ticket of this.#line) {
      if (this.#isLost(ticket, nowMs)) this.#line.remove(ticket.id, false);
      else if (ticket.awaySinceMs === undefined) {
        if (!this.#takeTurn(nowMs)) break;
        this.#line.remove(ticket.id, true);
        this.#unclaimed.set(ticket.id, nowMs + CLAIM_MS);
        admitted.push(ticket.id);
      }
    }
    this.#admittedSinceRated += admitted.length;
    // A line that empties is not slow.
    if (this.#line.size === 0) this.#startRating(nowMs);
    else if (nowMs - this.#ratedAtMs >= 1_000) this.#rate(nowMs);
    return admitted;
  }

  /** Renumbers, and gives those whose place was not told for `everyMs(estimate)`. */
  dueToBeTold(nowMs: number, everyMs: (estimateMs: number) => number): Ticket[] {
    this.#line.renumber();
    const due: Ticket[] = [];
    for (const ticket of this.#line) {
      if (ticket.awaySinceMs !== undefined || nowMs - ticket.toldAtMs < everyMs(this.estimateMs(ticket))) continue;
      ticket.toldAtMs = nowMs;
      due.push(ticket);
    }
    return due;
  }

  get #spacingMs(): number {
    return 1_000 / this.#capacity.perSecond;
  }

  get #mostCreditMs(): number {
    return Math.max(this.#spacingMs, BURST_PART * 1_000);
  }

  #takeTurn(nowMs: number): boolean {
    if (this.underWay >= this.#capacity.underWay) return false;
    this.#creditMs = Math.min(this.#mostCreditMs, this.#creditMs + Math.max(0, nowMs - this.#creditAtMs));
    this.#creditAtMs = nowMs;
    if (this.#creditMs < this.#spacingMs) return false;
    this.#creditMs -= this.#spacingMs;
    return true;
  }

  #isLost(ticket: Ticket, nowMs: number): boolean {
    if (ticket.awaySinceMs !== undefined && nowMs - ticket.awaySinceMs > KEPT_PLACE_MS) return true;
    return nowMs - ticket.askedAtMs > STALE_TICKET_MS;
  }

  #sweep(nowMs: number): void {
    for (const admitted of [this.#unclaimed, this.#underWay]) {
      for (const [id, untilMs] of admitted) {
        if (untilMs > nowMs) break;
        admitted.delete(id);
      }
    }
  }

  /**
   * Appointments lie one link's time apart, from when half of the line is served: those who keep them arrive as fast as links are
   * admitted, never faster. Beyond the horizon they are spread at random.
   */
  #appointment(party: string, nowMs: number): number {
    const known = this.#appointments.get(party);
    if (known !== undefined && known > nowMs) return Math.ceil(known - nowMs);
    const spacingMs = this.#spacingMs;
    const earliestMs = nowMs + (this.#line.size * spacingMs) / 2;
    const nextMs = Math.max(earliestMs, this.#lastAppointmentMs + spacingMs);
    const isBeyond = nextMs - nowMs > MAX_APPOINTMENT_MS;
    const atMs = isBeyond ? nowMs + MAX_APPOINTMENT_MS * (0.5 + this.#random() / 2) : nextMs + this.#random() * spacingMs;
    if (!isBeyond) this.#lastAppointmentMs = nextMs;
    this.#appointments.set(party, atMs);
    return Math.max(1, Math.ceil(atMs - nowMs));
  }

  #startRating(nowMs: number): void {
    this.#ratedAtMs = nowMs;
    this.#admittedSinceRated = 0;
  }

  /** Links under way may be what the line waits for: then it moves slower than the rate allows. */
  #rate(nowMs: number): void {
    const seen = (this.#admittedSinceRated * 1_000) / (nowMs - this.#ratedAtMs);
    const { perSecond } = this.#capacity;
    const next = this.#ratePerSecond * (1 - RATE_WEIGHT) + seen * RATE_WEIGHT;
    this.#ratePerSecond = Math.min(perSecond, Math.max(perSecond / 50, next));
    this.#startRating(nowMs);
  }
}
