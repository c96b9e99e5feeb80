/**
 * A bounded line that is fair to parties (accounts, or network addresses where there is none). A party has one ticket in a round, and
 * rounds are served one after another: somebody with many tickets delays those with one by one round at most. Nobody joins a
 * round that is being served, so that every round ends. Invariants: at most `maxTickets` wait, at most `maxPerParty` of them of
 * one party; within a round who came first is first.
 */
import { assert } from "@hawser/base";

export interface Ticket {
  readonly id: string;
  readonly party: string;
  readonly round: number;
  /** 1 is the next one; as of the last `renumber`, or as joined. */
  place: number;
  /** When it was last asked for: monotonic. */
  askedAtMs: number;
  /** Its client has been away since then. */
  awaySinceMs: number | undefined;
  /** When its place was last told. */
  toldAtMs: number;
}

interface Party {
  waiting: number;
  lastRound: number;
}

export class WaitingLine {
  readonly #maxTickets: number;
  readonly #maxPerParty: number;
  readonly #tickets = new Map<string, Ticket>();
  /** Each in the order of arrival; none is empty. */
  readonly #rounds = new Map<number, Map<string, Ticket>>();
  readonly #parties = new Map<string, Party>();
  /** The first round that newcomers may join. */
  #openRound = 0;

  constructor(maxTickets: number, maxPerParty: number) {
    assert(maxTickets >= 1 && maxPerParty >= 1, "a bound is positive");
    this.#maxTickets = maxTickets;
    this.#maxPerParty = maxPerParty;
  }

  get size(): number {
    return this.#tickets.size;
  }

  find(id: string): Ticket | undefined {
    return this.#tickets.get(id);
  }

  hasRoom(party: string): boolean {
    return this.#tickets.size < this.#maxTickets && (this.#parties.get(party)?.waiting ?? 0) < this.#maxPerParty;
  }

  /** There has to be room. */
  join(id: string, party: string, nowMs: number): Ticket {
    assert(this.hasRoom(party) && !this.#tickets.has(id), "who joins has room and no ticket yet");
    const known = this.#parties.get(party) ?? { waiting: 0, lastRound: this.#openRound - 1 };
    const round = Math.max(this.#openRound, known.lastRound + 1);
    this.#parties.set(party, { waiting: known.waiting + 1, lastRound: round });
    let place = 1;
    for (const [number, tickets] of this.#rounds) if (number <= round) place += tickets.size;
    const ticket: Ticket = { id, party, round, place, askedAtMs: nowMs, awaySinceMs: undefined, toldAtMs: nowMs };
    this.#tickets.set(id, ticket);
    const tickets = this.#rounds.get(round);
    if (tickets === undefined) this.#rounds.set(round, new Map([[id, ticket]]));
    else tickets.set(id, ticket);
    return ticket;
  }

  /** In the order of service; removing while walking is fine. */
  *[Symbol.iterator](): Generator<Ticket> {
    for (const number of [...this.#rounds.keys()].sort((a, b) => a - b)) yield* this.#rounds.get(number)?.values() ?? [];
  }

  /** Gives everybody the place they have now. */
  renumber(): void {
    let place = 0;
    for (const ticket of this) ticket.place = ++place;
  }

  /** `served`: its turn came, so its round is being served. */
  remove(id: string, served: boolean): void {
    const ticket = this.#tickets.get(id);
    if (ticket === undefined) return;
    this.#tickets.delete(id);
    const tickets = this.#rounds.get(ticket.round);
    tickets?.delete(id);
    if (tickets?.size === 0) this.#rounds.delete(ticket.round);
    if (served) this.#openRound = Math.max(this.#openRound, ticket.round + 1);
    const party = this.#parties.get(ticket.party);
    assert(party !== undefined, "a ticket has a party");
    party.waiting--;
    if (party.waiting === 0) this.#parties.delete(ticket.party);
    if (this.#tickets.size === 0) this.#openRound = 0;
  }
}
