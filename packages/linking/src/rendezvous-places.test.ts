/**
 * Invariants under any order of answers, silences and failures: one answer for each put; a place is given slots in their order; what the
 * own server says of limits and of the rendezvous itself is the answer; a put that any place took has succeeded.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describePut,
  HOME,
  INITIAL_PLACES,
  isUnderWay,
  type Place,
  type PlacesEffect,
  type PlacesInput,
  type PlacesState,
  type RendezvousPut,
  stepPlaces,
} from "./rendezvous-places.ts";
import type { PutOutcome } from "./link-effects.ts";

const NODE = "https://link.example.org";
const OTHER = "https://other.example.org";
const OK: PutOutcome = { ok: true };
const down = (error: Exclude<PutOutcome, { ok: true }>["error"] = "STORE_UNAVAILABLE"): PutOutcome => ({
  ok: false,
  error,
  retryAfterMs: 0,
});

const put = (index: number, effectId = index + 1): RendezvousPut => ({
  type: "rendezvous-put",
  effectId,
  rendezvousId: "r",
  side: "phone",
  index,
  body: `body ${index}`,
  writerToken: "token",
});

/** The machine and everything it asked for. */
class Driver {
  state: PlacesState = INITIAL_PLACES;
  online: Place[];
  readonly effects: PlacesEffect[] = [];
  constructor(...online: Place[]) {
    this.online = online;
  }

  give(input: PlacesInput): PlacesEffect[] {
    const step = stepPlaces(this.state, input, this.online);
    this.state = step.state;
    this.effects.push(...step.effects);
    return [...step.effects];
  }

  answer(write: PlacesEffect | undefined, result: PutOutcome): PlacesEffect[] {
    if (write?.type !== "write") throw new Error("nothing was to be written");
    return this.give({ type: "answer", place: write.place, effectId: write.effectId, put: write.put, result });
  }
}

const written = (effects: readonly PlacesEffect[]): string[] =>
  effects.flatMap((effect) => (effect.type === "write" ? [`${effect.place} ${effect.put.index}`] : []));
const results = (effects: readonly PlacesEffect[]): PutOutcome[] =>
  effects.flatMap((effect) => (effect.type === "put-result" ? [effect.result] : []));

/** Where the put under this number stands. */
const stageOf = (driver: Driver, effectId: number, begun: boolean): string =>
  isUnderWay(driver.state, put(0, effectId)) ? "asking" : begun ? "answered" : "unwritten";

describe("a put", () => {
  test("goes to the own server alone while that answers", () => {
    const driver = new Driver(HOME, NODE);
    const [write] = driver.give({ type: "put", put: put(0) });
    expect(results(driver.answer(write, OK))).toEqual([OK]);
    expect(written(driver.effects)).toEqual(["home 0"]);
  });

  test("that the own server refused does not stand before the end that takes it back", () => {
    const driver = new Driver(HOME, NODE);
    const [offer] = driver.give({ type: "put", put: put(0) });
    driver.answer(offer, OK);
    const [approval] = driver.give({ type: "put", put: put(1) });
    expect(results(driver.answer(approval, down("NOT_AUTHENTICATED")))).toEqual([down("NOT_AUTHENTICATED")]);
    // Also after a restart of the program in between.
    driver.state = JSON.parse(JSON.stringify(driver.state)) as PlacesState;
    const end = driver.give({ type: "put", put: put(2) });
    expect(written(end)).toEqual(["home 2"]);
    expect(results(driver.answer(end[0], OK))).toEqual([OK]);
  });

  test("goes to another node when the own server's linking is down, and later slots go there first", () => {
    const driver = new Driver(HOME, NODE);
    const [atHome] = driver.give({ type: "put", put: put(0) });
    const [atNode] = driver.answer(atHome, down());
    expect(results(driver.answer(atNode, OK))).toEqual([OK]);
    driver.give({ type: "put", put: put(1) });
    expect(written(driver.effects)).toEqual(["home 0", `${NODE} 0`, `${NODE} 1`]);
  });

  test("does not wait for a place that is silent, and takes its late answer", () => {
    const driver = new Driver(HOME, NODE);
    const [atHome, wait] = driver.give({ type: "put", put: put(0) });
    if (wait?.type !== "wait") throw new Error("nothing is waited for");
    expect(wait.afterMs).toBe(3_000);
    const [atNode] = driver.give(wait.given);
    expect(atNode).toMatchObject({ type: "write", place: NODE });
    expect(results(driver.answer(atHome, OK))).toEqual([OK]);
    expect(results(driver.answer(atNode, OK))).toEqual([]);
  });

  test("a place that missed the first slot is given it before the second", () => {
    const driver = new Driver(HOME, NODE);
    driver.answer(driver.give({ type: "put", put: put(0) })[0], OK);
    const [atHome] = driver.give({ type: "put", put: put(1) });
    const [first] = driver.answer(atHome, down("INTERNAL"));
    expect(first).toMatchObject({ type: "write", place: NODE, put: { index: 0, body: "body 0" } });
    const [second] = driver.answer(first, OK);
    expect(second).toMatchObject({ type: "write", place: NODE, put: { index: 1 } });
    expect(results(driver.answer(second, OK))).toEqual([OK]);
  });

  test("slots that are skipped, and written later, all come to another place, also after a restart", () => {
    const driver = new Driver(HOME, NODE);
    for (const index of [0, 3]) driver.answer(driver.give({ type: "put", put: put(index) })[0], OK);
    driver.state = JSON.parse(JSON.stringify(driver.state)) as PlacesState;
    const [late, unanswered] = driver.answer(driver.give({ type: "put", put: put(1) })[0], OK);
    expect(late).toMatchObject({ type: "put-result", result: OK });
    if (unanswered?.type !== "wait") throw new Error("nothing is waited for");
    let [copy] = driver.give(unanswered.given);
    const copied: number[] = [];
    while (copy?.type === "write") {
      copied.push(copy.put.index);
      [copy] = driver.answer(copy, OK);
    }
    expect(copied).toEqual([0, 1, 3]);
  });

  test("that the other side does not answer is written at the other places too, all slots in order, and asks for nothing more", () => {
    const driver = new Driver(HOME, NODE);
    driver.answer(driver.give({ type: "put", put: put(0) })[0], OK);
    const [, unanswered] = driver.answer(driver.give({ type: "put", put: put(1) })[0], OK);
    if (unanswered?.type !== "wait") throw new Error("nothing is waited for");
    const [first] = driver.give(unanswered.given);
    expect(first).toMatchObject({ type: "write", place: NODE, put: { index: 0, body: "body 0", writerToken: "token", side: "phone" } });
    const [second] = driver.answer(first, OK);
    expect(second).toMatchObject({ type: "write", place: NODE, put: { index: 1 } });
    expect(driver.answer(second, OK)).toEqual([]);
  });

  test("that the other side answered is written nowhere else", () => {
    const driver = new Driver(HOME, NODE);
    const [, unanswered] = driver.answer(driver.give({ type: "put", put: put(0) })[0], OK);
    driver.give({ type: "slot-seen", place: HOME, rendezvousId: "r" });
    if (unanswered?.type !== "wait") throw new Error("nothing is waited for");
    expect(driver.give(unanswered.given)).toEqual([]);
  });

  test("answers where the other side wrote", () => {
    const driver = new Driver(HOME, NODE, OTHER);
    driver.give({ type: "slot-seen", place: OTHER, rendezvousId: "r" });
    driver.give({ type: "put", put: put(0) });
    expect(written(driver.effects)).toEqual([`${OTHER} 0`]);
  });

  test.each(["ADMISSION_QUEUED", "ADMISSION_FULL", "RATE_LIMITED", "RENDEZVOUS_CONFLICT", "RENDEZVOUS_EXPIRED"] as const)(
    "what the own server says of it is the answer: %s",
    (error) => {
      const driver = new Driver(HOME, NODE);
      const [write] = driver.give({ type: "put", put: put(0) });
      expect(results(driver.answer(write, down(error)))).toEqual([down(error)]);
      expect(written(driver.effects)).toEqual(["home 0"]);
    },
  );

  test("a refusal of another node closes that way only, and the own server's word is told", () => {
    const driver = new Driver(HOME, NODE);
    const [atHome] = driver.give({ type: "put", put: put(0) });
    const [atNode] = driver.answer(atHome, down("TIMEOUT"));
    expect(results(driver.answer(atNode, down("RENDEZVOUS_CONFLICT")))).toEqual([down("TIMEOUT")]);
  });

  test("without any connection it is dropped: the linking machine repeats it", () => {
    expect(new Driver().give({ type: "put", put: put(0) })).toEqual([]);
  });

  test("what was left is forgotten", () => {
    const driver = new Driver(HOME);
    const [write] = driver.give({ type: "put", put: put(0) });
    driver.give({ type: "left", rendezvousId: "r" });
    expect(driver.state).toEqual(INITIAL_PLACES);
    expect(driver.answer(write, OK)).toEqual([]);
  });
});

test("any order of answers, silences, failures and lost places: one answer each, slots in order, success if anybody took it", () => {
  const seen = new Set<string>();
  const outcome = fc.constantFrom(OK, OK, down(), down("TIMEOUT"), down("UNREACHABLE"));
  const happening = fc.record({ pick: fc.nat(20), outcome, silence: fc.boolean(), places: fc.constantFrom(1, 2, 3, 3, 3) });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const all = [HOME, NODE, OTHER];
      const driver = new Driver(...all);
      const stands = new Map<Place, number>();
      let open: Extract<PlacesEffect, { type: "write" }>[] = [];
      let next = 0;
      let asked: number | undefined;
      const took = new Set<number>();
      const take = (effects: readonly PlacesEffect[]): void => {
        for (const effect of effects) {
          if (effect.type === "write") {
            expect(effect.put.index).toBeLessThanOrEqual(stands.get(effect.place) ?? 0);
            open.push(effect);
          } else if (effect.type === "put-result") {
            expect(effect.put.effectId).toBe(asked);
            expect(effect.result.ok).toBe(took.has(effect.put.effectId));
            // It has failed only when nobody is left who could take it.
            if (!effect.result.ok) expect(open.filter((write) => write.effectId === asked)).toEqual([]);
            asked = undefined;
            if (effect.result.ok) next = effect.put.index + 1;
          }
        }
      };
      let effectId = 100;
      for (const { pick, outcome: result, silence, places } of happenings) {
        driver.online = all.slice(0, places);
        if (asked === undefined) {
          if (next > 3) return;
          asked = effectId++;
          const before = stageOf(driver, asked, false);
          const number = asked;
          take(driver.give({ type: "put", put: put(next, asked) }));
          seen.add(`${before} put ${stageOf(driver, number, true)}`);
        } else if (silence) {
          take(driver.give({ type: "silence", effectId: asked, rendezvousId: "r" }));
          seen.add(`asking silence ${stageOf(driver, asked, true)}`);
        } else {
          const write = open[pick % Math.max(1, open.length)];
          if (write === undefined) throw new Error("a put is under way, and nobody was asked");
          open = open.filter((each) => each !== write);
          if (result.ok) {
            stands.set(write.place, Math.max(stands.get(write.place) ?? 0, write.put.index + 1));
            if (write.effectId === asked && write.put.index === next) took.add(asked);
          }
          const number = asked;
          take(driver.answer(write, result));
          seen.add(`asking answer ${stageOf(driver, number, true)}`);
        }
      }
      if (asked !== undefined) {
        driver.give({ type: "left", rendezvousId: "r" });
        seen.add(`asking left ${stageOf(driver, asked, true)}`);
      }
    }),
    { numRuns: 2_000 },
  );
  expect([...seen].toSorted()).toEqual(
    describePut()
      .map(({ state, input, next }) => `${state} ${input} ${next}`)
      .toSorted(),
  );
});
