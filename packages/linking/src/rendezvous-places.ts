/**
 * Where a slot is written when the own server's linking does not answer: first at the place that worked last for this rendezvous (at
 * first the own server, `home`), then, after its failure or its silence, at the next one; and everywhere when the other side, which may
 * have the trouble, says nothing to it. Invariants: every put gets at most one
 * answer, and exactly one when each place that was asked answers; a place is given slots in their order, those before included; the limits and
 * the line of a server are never dodged. docs/PROTOCOL.md, "Other nodes".
 */
import { type Arrow, describeRows, findDeadEnds, type StateRule, type Transition } from "@hawser/base";
import type { ErrorName } from "@hawser/wire";
import type { CommonEffect, PutOutcome, Side } from "./link-effects.ts";
import type { Base64Url } from "./link-jobs.ts";

export type RendezvousPut = Extract<CommonEffect<unknown>, { readonly type: "rendezvous-put" }>;

/** `home`, or the address of another node. */
export type Place = string;
export const HOME: Place = "home";

/** A place that has not answered by then is not waited for alone. */
export const NEXT_PLACE_AFTER_MS = 3_000;
/** A write is answered by then, if only by its request's deadline or the end of its connection. */
export const WRITE_ENDS_WITHIN_MS = 20_000;
/** A slot that was taken and that the other side has not answered by then is written at the other places as well. */
export const EVERYWHERE_AFTER_MS = 5_000;
/** Rendezvous whose slots are remembered; a companion has two live codes and two couriers, a phone eight attempts and two. */
export const MAX_REMEMBERED = 16;

/** Own slots of one rendezvous, and which of them stand where. */
interface Written {
  readonly rendezvousId: Base64Url;
  readonly side: Side;
  readonly writerToken: Base64Url;
  /** By slot. Not every slot is written: one may be refused, or never be needed. */
  readonly bodies: Readonly<Record<number, Base64Url>>;
  readonly stored: Readonly<Record<Place, readonly number[]>>;
  readonly favourite: Place;
  /** Slots of the other side that came. */
  readonly heard: number;
}

interface UnderWay {
  readonly put: RendezvousPut;
  /** Asked and not answered. */
  readonly asked: readonly Place[];
  readonly failures: Readonly<Record<Place, PutOutcome>>;
}

export interface PlacesState {
  readonly written: readonly Written[];
  readonly underWay: readonly UnderWay[];
}

export const INITIAL_PLACES: PlacesState = { written: [], underWay: [] };

export type PlacesInput =
  | { readonly type: "put"; readonly put: RendezvousPut }
  | { readonly type: "answer"; readonly place: Place; readonly effectId: number; readonly put: RendezvousPut; readonly result: PutOutcome }
  | { readonly type: "silence"; readonly effectId: number; readonly rendezvousId: Base64Url }
  | { readonly type: "unanswered"; readonly rendezvousId: Base64Url; readonly heard: number }
  /** The other side wrote there. */
  | { readonly type: "slot-seen"; readonly place: Place; readonly rendezvousId: Base64Url }
  | { readonly type: "left"; readonly rendezvousId: Base64Url };

export type PlacesEffect =
  /** Write `put` (which may be an earlier slot than the one asked for) at `place`, and answer with it and the same `effectId`. */
  | { readonly type: "write"; readonly place: Place; readonly effectId: number; readonly put: RendezvousPut }
  /** Give `given` after this time. */
  | { readonly type: "wait"; readonly afterMs: number; readonly given: Extract<PlacesInput, { readonly type: "silence" | "unanswered" }> }
  | { readonly type: "put-result"; readonly put: RendezvousPut; readonly result: PutOutcome };

export interface PlacesStep {
  readonly state: PlacesState;
  readonly effects: readonly PlacesEffect[];
}

/** Names the writes that nobody asked for: a copy for another place. */
const COPY = -1;

/** Trouble of one place. Anything else holds wherever the rendezvous is, or is this place's right to say. */
const TROUBLE: ReadonlySet<ErrorName | "UNREACHABLE"> = new Set([
  "UNREACHABLE",
  "TIMEOUT",
  "INTERNAL",
  "OVERLOADED",
  "SHUTTING_DOWN",
  "STORE_UNAVAILABLE",
]);

/** `online`: the places that can be reached now, in the order in which they are tried. */
export function stepPlaces(state: PlacesState, input: PlacesInput, online: readonly Place[]): PlacesStep {
  switch (input.type) {
    case "put":
      return begin(state, input.put, online);
    case "answer":
      return answered(state, input, online);
    case "silence": {
      const found = find(state, input.rendezvousId, input.effectId);
      return found === undefined ? { state, effects: [] } : askNext(state, found, online);
    }
    case "unanswered":
      return copyEverywhere(state, input, online);
    case "slot-seen": {
      const written = remember(state.written, input.rendezvousId, input.place).map((each) =>
        each.rendezvousId === input.rendezvousId ? { ...each, favourite: input.place, heard: each.heard + 1 } : each,
      );
      return { state: { ...state, written }, effects: [] };
    }
    case "left":
      return {
        state: {
          ...state,
          written: state.written.filter(({ rendezvousId }) => rendezvousId !== input.rendezvousId),
          underWay: state.underWay.filter(({ put }) => put.rendezvousId !== input.rendezvousId),
        },
        effects: [],
      };
  }
}

function begin(state: PlacesState, put: RendezvousPut, online: readonly Place[]): PlacesStep {
  // Without any connection it is dropped; the linking machine repeats it on the next one.
  if (online.length === 0) return { state, effects: [] };
  const known = remember(state.written, put.rendezvousId, HOME);
  const written = known.map((each) => (each.rendezvousId === put.rendezvousId ? withBody(each, put) : each));
  const others = state.underWay.filter((each) => !isOf(each, put.rendezvousId, put.effectId));
  const fresh: UnderWay = { put, asked: [], failures: {} };
  return askNext({ ...state, written, underWay: [...others, fresh] }, fresh, online);
}

/** Asks the next place that was not asked yet; when there is none and nobody is left to answer, the put has failed. */
function askNext(state: PlacesState, underWay: UnderWay, online: readonly Place[]): PlacesStep {
  const { put, asked, failures } = underWay;
  const written = state.written.find(({ rendezvousId }) => rendezvousId === put.rendezvousId);
  const favourite = written?.favourite ?? HOME;
  const untried = online.filter((place) => !asked.includes(place) && failures[place] === undefined);
  const next = untried.includes(favourite) ? favourite : untried[0];
  if (next === undefined) return asked.length > 0 ? { state, effects: [] } : finish(state, underWay, worst(failures));
  const { effectId, rendezvousId } = put;
  const effects: PlacesEffect[] = [{ type: "write", place: next, effectId, put: nextSlot(written, put, next) }];
  if (untried.length > 1) effects.push({ type: "wait", afterMs: NEXT_PLACE_AFTER_MS, given: { type: "silence", effectId, rendezvousId } });
  return { state: replace(state, { ...underWay, asked: [...asked, next] }), effects };
}

function answered(state: PlacesState, input: Extract<PlacesInput, { type: "answer" }>, online: readonly Place[]): PlacesStep {
  const { place, put: slot, result, effectId } = input;
  const noted = result.ok ? stored(state, slot, place) : state;
  const found = find(noted, slot.rendezvousId, effectId);
  const written = noted.written.find(({ rendezvousId }) => rendezvousId === slot.rendezvousId);
  if (found === undefined)
    return { state: noted, effects: result.ok && effectId === COPY && written !== undefined ? copyTo(written, slot, place) : [] };
  if (result.ok) {
    if (slot.index === found.put.index) return taken(noted, found, place);
    return { state: noted, effects: [{ type: "write", place, effectId, put: nextSlot(written, found.put, place) }] };
  }
  const failed: UnderWay = {
    ...found,
    asked: found.asked.filter((each) => each !== place),
    failures: { ...found.failures, [place]: result },
  };
  // What the own server says of the rendezvous itself is the answer. Of another node it only means that this way is closed.
  if (place === HOME && !TROUBLE.has(result.error)) return finish(refused(noted, slot), failed, result);
  return askNext(replace(noted, failed), failed, online);
}

function taken(state: PlacesState, underWay: UnderWay, place: Place): PlacesStep {
  const { rendezvousId } = underWay.put;
  const written = state.written.map((each) => (each.rendezvousId === rendezvousId ? { ...each, favourite: place } : each));
  const step = finish({ ...state, written }, underWay, { ok: true });
  const heard = written.find((each) => each.rendezvousId === rendezvousId)?.heard ?? 0;
  const given = { type: "unanswered", rendezvousId, heard } as const;
  return { ...step, effects: [...step.effects, { type: "wait", afterMs: EVERYWHERE_AFTER_MS, given }] };
}

/** The other side may not reach the place that took it. */
function copyEverywhere(state: PlacesState, input: Extract<PlacesInput, { type: "unanswered" }>, online: readonly Place[]): PlacesStep {
  const written = state.written.find(({ rendezvousId }) => rendezvousId === input.rendezvousId);
  if (written === undefined || written.heard !== input.heard) return { state, effects: [] };
  const put: RendezvousPut = {
    type: "rendezvous-put",
    effectId: COPY,
    rendezvousId: written.rendezvousId,
    side: written.side,
    index: 0,
    body: "",
    writerToken: written.writerToken,
  };
  return { state, effects: online.flatMap((place) => copyTo(written, put, place)) };
}

/** The first slot that this place has not, if there is one. */
function copyTo(written: Written, put: RendezvousPut, place: Place): PlacesEffect[] {
  const missing = missingSlot(written, place);
  return missing === undefined ? [] : [{ type: "write", place, effectId: COPY, put: { ...put, ...missing } }];
}

function finish(state: PlacesState, { put }: UnderWay, result: PutOutcome): PlacesStep {
  const underWay = state.underWay.filter((each) => !isOf(each, put.rendezvousId, put.effectId));
  return { state: { ...state, underWay }, effects: [{ type: "put-result", put, result }] };
}

/** The own server's word counts most; without it, whatever was said. */
function worst(failures: Readonly<Record<Place, PutOutcome>>): PutOutcome {
  return failures[HOME] ?? Object.values(failures)[0] ?? { ok: false, error: "UNREACHABLE", retryAfterMs: 0 };
}

/** The first slot that does not stand there yet; the one asked for when those before it are not known any more. */
function nextSlot(written: Written | undefined, put: RendezvousPut, place: Place): RendezvousPut {
  const missing = written === undefined ? undefined : missingSlot(written, place);
  return missing === undefined || missing.index > put.index ? put : { ...put, ...missing };
}

/** Slots come in ascending order: the first of those known that does not stand there. */
function missingSlot({ bodies, stored }: Written, place: Place): { readonly index: number; readonly body: Base64Url } | undefined {
  const found = Object.entries(bodies).find(([index]) => stored[place]?.includes(Number(index)) !== true);
  return found === undefined ? undefined : { index: Number(found[0]), body: found[1] };
}

/** What the own server refused for good stands in the way of no later slot. */
function refused(state: PlacesState, slot: RendezvousPut): PlacesState {
  const written = state.written.map((each) => {
    if (each.rendezvousId !== slot.rendezvousId) return each;
    const { [slot.index]: _refused, ...bodies } = each.bodies;
    return { ...each, bodies };
  });
  return { ...state, written };
}

function stored(state: PlacesState, slot: RendezvousPut, place: Place): PlacesState {
  const written = state.written.map((each) =>
    each.rendezvousId === slot.rendezvousId
      ? {
          ...each,
          stored: { ...each.stored, [place]: [...(each.stored[place] ?? []).filter((index) => index !== slot.index), slot.index] },
        }
      : each,
  );
  return { ...state, written };
}

function remember(written: readonly Written[], rendezvousId: Base64Url, favourite: Place): readonly Written[] {
  if (written.some((each) => each.rendezvousId === rendezvousId)) return written;
  const fresh: Written = { rendezvousId, side: "phone", writerToken: "", bodies: {}, stored: {}, favourite, heard: 0 };
  return [...written, fresh].slice(-MAX_REMEMBERED);
}

function withBody(written: Written, put: RendezvousPut): Written {
  const known =
    written.writerToken === put.writerToken
      ? written
      : { ...written, side: put.side, writerToken: put.writerToken, bodies: {}, stored: {} };
  return { ...known, bodies: { ...known.bodies, [put.index]: put.body } };
}

const isOf = ({ put }: UnderWay, rendezvousId: Base64Url, effectId: number): boolean =>
  put.rendezvousId === rendezvousId && put.effectId === effectId;
const find = (state: PlacesState, rendezvousId: Base64Url, effectId: number): UnderWay | undefined =>
  state.underWay.find((each) => isOf(each, rendezvousId, effectId));
const replace = (state: PlacesState, changed: UnderWay): PlacesState => ({
  ...state,
  underWay: state.underWay.map((each) => (isOf(each, changed.put.rendezvousId, changed.put.effectId) ? changed : each)),
});

/** Where one put stands: what a diagram draws. A test holds these to the machine. */
export type PutStage = "unwritten" | "asking" | "answered";

export const PUT_STAGES: Readonly<Record<PutStage, StateRule<"silence">>> = {
  unwritten: { resting: "idle" },
  asking: {
    deadline: { timer: "silence", why: "the next place is asked as well" },
    work: { why: "the places that were asked answer", ends: ["answer"], withinMs: WRITE_ENDS_WITHIN_MS },
  },
  answered: { resting: "final" },
};

const PUT_ROWS: readonly Arrow<PutStage, PlacesInput["type"]>[] = [
  { in: "unwritten", on: "put", to: ["asking"] },
  { in: "asking", on: "silence", to: ["asking"] },
  { in: "asking", on: "answer", to: ["asking", "answered"] },
  { in: "asking", on: "left", to: ["answered"] },
];

export const isUnderWay = (state: PlacesState, { rendezvousId, effectId }: RendezvousPut): boolean =>
  find(state, rendezvousId, effectId) !== undefined;

export const describePut = (): Transition[] => describeRows(PUT_ROWS);
export const putDeadEnds = (): string[] => findDeadEnds(PUT_STAGES, PUT_ROWS, (timer) => timer);
