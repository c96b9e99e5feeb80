/**
 * Which of a date's numbers is the day? Evidence is gathered over the whole file, in constant memory:
 * values that cannot be a month, dates after the export was made, days in attachments' names, and that a chat runs forward.
 */
import { civilDate, type DateFields, type DateOrder, dayNumber, possibleOrders } from "./local-date-time.ts";

/** What settled the order, from the strongest to the weakest. The last two are guesses. */
export type DateOrderBasis =
  | "option"
  | "layout"
  | "impossible-values"
  | "attachment-names"
  | "runs-forward"
  | "shortest-span"
  | "convention";

export interface DateOrderDecision {
  readonly order: DateOrder;
  readonly basis: DateOrderBasis;
  /** True when another order is nearly as plausible: ask the person, then pass `dateOrder`. */
  readonly ambiguous: boolean;
  /** Orders that the file's dates allow, the chosen one first. */
  readonly candidates: readonly DateOrder[];
}

interface Candidate {
  readonly order: DateOrder;
  impossible: number;
  backwards: number;
  travelledDays: number;
  attachmentMatches: number;
  lastDay: number | undefined;
}

const ORDERS: readonly DateOrder[] = ["dmy", "mdy", "ymd"];
/** A lone message of one day earlier is clock trouble, not evidence. */
const BACKWARDS_TOLERANCE_DAYS = 1;
const DAY_MS = 86_400_000;
/** An export may come from a phone whose clock or zone is ahead. */
const FUTURE_TOLERANCE_DAYS = 2;

export class DateOrderEvidence {
  readonly #candidates: Candidate[] = ORDERS.map((order) => ({
    order,
    impossible: 0,
    backwards: 0,
    travelledDays: 0,
    attachmentMatches: 0,
    lastDay: undefined,
  }));
  readonly #lastPossibleDay: number;
  #differing = false;
  #last: DateFields | undefined;
  #convention: DateOrder = "dmy";

  /** `notAfterMs`: when the import happens (UTC). Later dates then count as impossible. */
  constructor(notAfterMs?: number) {
    this.#lastPossibleDay = notAfterMs === undefined ? Number.POSITIVE_INFINITY : Math.floor(notAfterMs / DAY_MS) + FUTURE_TOLERANCE_DAYS;
  }

  /** `shape` and `twelveHour` as in `Header`; they only feed the last resort, convention. */
  observe(fields: DateFields, shape: string, twelveHour: boolean): void {
    const last = this.#last;
    if (last !== undefined && last.a === fields.a && last.b === fields.b && last.c === fields.c) return;
    if (last === undefined) this.#convention = conventionalOrder(shape, twelveHour);
    this.#last = fields;
    const possible = possibleOrders(fields);
    let meaning: number | undefined;
    for (const candidate of this.#candidates) {
      const date = possible.includes(candidate.order) ? civilDate(fields, candidate.order) : undefined;
      const day = date === undefined ? undefined : dayNumber(date);
      if (day === undefined || day > this.#lastPossibleDay) {
        candidate.impossible += 1;
        if (possible.includes(candidate.order)) this.#differing = true;
        continue;
      }
      if (meaning !== undefined && meaning !== day) this.#differing = true;
      meaning ??= day;
      if (candidate.lastDay !== undefined) {
        candidate.travelledDays += Math.abs(day - candidate.lastDay);
        if (day < candidate.lastDay - BACKWARDS_TOLERANCE_DAYS) candidate.backwards += 1;
      }
      candidate.lastDay = day;
    }
  }

  /** The day in an attachment's name is usually its message's day. Month and day alike say nothing. */
  observeAttachment(fields: DateFields, year: number, month: number, day: number): void {
    for (const candidate of this.#candidates) {
      const date = civilDate(fields, candidate.order);
      if (date?.year === year && date.month === month && date.day === day) candidate.attachmentMatches += 1;
    }
  }

  /** An order that is already beyond doubt, for a parser that cannot wait for the end of the file. */
  settled(): DateOrder | undefined {
    const possible = this.#candidates.filter((candidate) => candidate.impossible === 0);
    return possible.length === 1 ? possible[0]!.order : undefined;
  }

  decide(): DateOrderDecision {
    const all = this.#candidates;
    const fewest = Math.min(...all.map((candidate) => candidate.impossible));
    let left = all.filter((candidate) => candidate.impossible === fewest);
    const structural = this.#last === undefined ? ORDERS : possibleOrders(this.#last);
    const open = left.map((candidate) => candidate.order);
    const decision = (order: DateOrder, basis: DateOrderBasis, ambiguous: boolean): DateOrderDecision => ({
      order,
      basis,
      ambiguous,
      candidates: [order, ...open.filter((other) => other !== order)],
    });
    if (left.length === 1) return decision(left[0]!.order, structural.length === 1 ? "layout" : "impossible-values", false);
    if (!this.#differing) return decision(left[0]!.order, "layout", false);
    const steps: readonly [DateOrderBasis, (candidate: Candidate) => number, boolean][] = [
      ["attachment-names", (candidate) => -candidate.attachmentMatches, false],
      ["runs-forward", (candidate) => candidate.backwards, false],
      ["shortest-span", (candidate) => candidate.travelledDays, true],
    ];
    for (const [basis, cost, ambiguous] of steps) {
      const least = Math.min(...left.map(cost));
      left = left.filter((candidate) => cost(candidate) === least);
      if (left.length === 1) return decision(left[0]!.order, basis, ambiguous);
    }
    const conventional = left.find((candidate) => candidate.order === this.#convention) ?? left[0]!;
    return decision(conventional.order, "convention", true);
  }
}

/** The habit of places that write dates in this shape, for files of too few dates. */
function conventionalOrder(shape: string, twelveHour: boolean): DateOrder {
  const periodFirst = shape.includes("<period>") && !shape.endsWith("<period>");
  if (periodFirst || /[年년]/u.test(shape)) return "ymd";
  return shape.includes("/") && twelveHour ? "mdy" : "dmy";
}
