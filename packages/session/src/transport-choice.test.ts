/** Choosing a transport: what each manner of a network leads to, that nothing is learned from a network that is down, and no dead ends. */
import { toMermaid } from "@hawser/base";
import { describe, expect, test } from "vitest";
import { CHOICE_STATES, choiceDeadEnds, describeChoice, initialChoice, stepChoice } from "./transport-choice.ts";
import { blockOf, parseTransportMemory } from "./transport-memory.ts";
import type { ChoiceEffect, ChoiceInput, ChoiceState, TransportKind } from "./transport-types.ts";
import { TRANSPORT_KINDS } from "./transport-types.ts";

const MINUTE_MS = 60_000;
const NOW_MS = 1_800_000_000_000;

const open: ChoiceInput = { type: "open", network: "wifi" };
const next: ChoiceInput = { type: "timer", timer: "next" };
const better: ChoiceInput = { type: "timer", timer: "better" };
const proven = (kind: TransportKind): ChoiceInput => ({ type: "proven", kind });
const closed = (kind: TransportKind, code = 1006): ChoiceInput => ({ type: "closed", kind, code, reason: "" });

/** What the effects of a run leave open, and everything that happened. */
function run(inputs: readonly (ChoiceInput | number)[], from: ChoiceState = initialChoice(TRANSPORT_KINDS, [])) {
  let state = from;
  let nowMs = NOW_MS;
  const effects: ChoiceEffect[] = [];
  for (const input of inputs) {
    if (typeof input === "number") nowMs += input;
    else {
      const step = stepChoice(state, input, { nowMs });
      state = step.state;
      effects.push(...step.effects);
    }
  }
  const started = effects.flatMap((effect) => (effect.type === "start" ? [effect.kind] : []));
  const blocked = TRANSPORT_KINDS.filter((kind) => blockOf(state.memory, "wifi", kind, nowMs) !== undefined);
  return { state, effects, started, blocked, last: effects.at(-1) };
}

describe("a race", () => {
  test("a WebSocket that brings something soon runs alone", () => {
    const { started, state, blocked } = run([open, proven("websocket")]);
    expect([started, state.kind, state.carrier, blocked]).toEqual([["websocket"], "carrying", "websocket", []]);
  });

  test("a refused upgrade is followed at once, and the next connection begins with what worked", () => {
    const first = run([open, closed("websocket"), proven("sse")]);
    expect([first.started, first.state.carrier, first.blocked]).toEqual([["websocket", "sse"], "sse", ["websocket"]]);
    const again = run([{ type: "close" }, open, proven("sse")], first.state);
    expect(again.started).toEqual(["sse"]);
  });

  test("an upgrade that hangs costs a head start, and is stopped", () => {
    const { started, effects, state } = run([open, next, proven("sse")]);
    expect(started).toEqual(["websocket", "sse"]);
    expect(effects).toContainEqual({ type: "stop", kind: "websocket" });
    expect(effects).toContainEqual({ type: "set-timer", timer: "next", afterMs: 1_500 });
    expect(state.carrier).toBe("sse");
  });

  test("what holds answers back is overtaken by polls, also when it opened first", () => {
    const { started, blocked, state } = run([open, closed("websocket"), next, proven("poll")]);
    expect([started, state.carrier, blocked]).toEqual([["websocket", "sse", "poll"], "poll", ["websocket", "sse"]]);
  });

  test("a slow WebSocket still wins when it is first", () => {
    const { state, blocked, effects } = run([open, next, proven("websocket")]);
    expect([state.carrier, blocked]).toEqual(["websocket", []]);
    expect(effects).toContainEqual({ type: "stop", kind: "sse" });
  });

  test("a network that is down teaches nothing: what did not get through anywhere is not held against anybody", () => {
    for (const inputs of [
      [open, closed("websocket"), closed("sse"), closed("poll")],
      [open, next, next, next],
    ]) {
      const { state, last, blocked } = run(inputs);
      expect([state.kind, last?.type, blocked]).toEqual(["idle", "ended", []]);
    }
  });

  test("with one transport there is nothing to choose", () => {
    const { state, last } = run([open, closed("poll", 4_000)], initialChoice(["poll"], []));
    expect([state.kind, last]).toEqual(["idle", { type: "ended", code: 4_000, reason: "" }]);
  });
});

describe("later", () => {
  const onStreams = (): ChoiceState => run([open, closed("websocket"), proven("sse")]).state;

  test("the better one is tried beside the one that carries, and taken when it brings something", () => {
    const { state, effects, started } = run([11 * MINUTE_MS, better, proven("websocket")], onStreams());
    expect(started).toEqual(["websocket"]);
    expect(effects.slice(-3).map(({ type }) => type)).toEqual(["stop", "remember", "reconnect"]);
    expect(run([11 * MINUTE_MS, { type: "close" }, open], state).started).toEqual(["websocket"]);
  });

  test.each([closed("websocket"), next])("one that still does not work is left alone for longer", (input) => {
    const { state, effects } = run([11 * MINUTE_MS, better, input], onStreams());
    expect([state.kind, state.carrier]).toEqual(["carrying", "sse"]);
    expect(effects.at(-1)).toEqual({ type: "set-timer", timer: "better", afterMs: 20 * MINUTE_MS });
  });

  test("a reconnect after some minutes begins with the best again", () => {
    expect(run([11 * MINUTE_MS, { type: "close" }, open], onStreams()).started).toEqual(["websocket"]);
  });

  test("another network is not judged by this one", () => {
    expect(run([{ type: "close" }, { type: "open", network: "cellular" }], onStreams()).started).toEqual(["websocket"]);
    const nameless = run([{ type: "open", network: "" }, closed("websocket"), proven("sse")]).state;
    expect(run([{ type: "close" }, { type: "open", network: "" }], nameless).started).toEqual(["sse"]);
    expect(run([{ type: "close" }, { type: "network-changed", network: "" }, { type: "open", network: "" }], nameless).started).toEqual([
      "websocket",
    ]);
  });

  test("after a change of networks the best is tried soon, if the new one does not speak against it", () => {
    const soon: ChoiceEffect = { type: "set-timer", timer: "better", afterMs: 1_500 };
    expect(run([{ type: "network-changed", network: "cellular" }], onStreams()).last).toEqual(soon);
    expect(run([{ type: "network-changed", network: "wifi" }], onStreams()).last).not.toEqual(soon);
  });

  test("what is cut within seconds again and again gives way; a server that says goodbye does not count", () => {
    const cutOnce = [open, proven("websocket"), 5_000, closed("websocket")];
    expect(run([...cutOnce, ...cutOnce, ...cutOnce, open]).started.at(-1)).toBe("sse");
    const goodbye = [open, proven("websocket"), 5_000, closed("websocket", 4_000)];
    expect(run([...goodbye, ...goodbye, ...goodbye, open]).started.at(-1)).toBe("websocket");
    const lived = [open, proven("websocket"), 25_000, closed("websocket")];
    expect(run([...cutOnce, ...cutOnce, ...lived, ...cutOnce, open]).started.at(-1)).toBe("websocket");
  });
});

test("memory survives a restart, and nothing else that was written there does", () => {
  const { memory } = run([open, closed("websocket"), proven("sse")]).state;
  expect(parseTransportMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  expect(run([open], initialChoice(TRANSPORT_KINDS, memory)).started).toEqual(["sse"]);
  for (const odd of [
    undefined,
    5,
    {},
    [5],
    [{ network: 1, blocks: [] }],
    [{ network: "", blocks: [{ kind: "pigeon", untilMs: 1, times: 1 }] }],
  ])
    expect(parseTransportMemory(odd)).toEqual([]);
  // A clock that was years ahead when it was written.
  const far = [{ network: "wifi", blocks: [{ kind: "websocket" as const, untilMs: NOW_MS + 1e11, times: 1 }] }];
  expect(run([open], initialChoice(TRANSPORT_KINDS, far)).started).toEqual(["websocket"]);
});

test("no dead ends, every state can be reached, and the diagram names each", () => {
  expect(choiceDeadEnds()).toEqual([]);
  expect(new Set(["idle", ...describeChoice().map((row) => row.next)])).toEqual(new Set(Object.keys(CHOICE_STATES)));
  for (const kind of Object.keys(CHOICE_STATES)) expect(toMermaid(describeChoice())).toContain(kind);
});

test("random runs: what is open is what the state says, an end is said once, memory stays small", () => {
  let seed = 7;
  const below = (bound: number): number => (seed = (seed * 48_271) % 2_147_483_647) % bound;
  let state = initialChoice(TRANSPORT_KINDS, []);
  const opened = new Set<TransportKind>();
  let wanted = false;
  for (let i = 0; i < 20_000; i++) {
    const kinds = [...opened];
    const kind = kinds[below(Math.max(1, kinds.length))];
    const choices: ChoiceInput[] = [
      { type: "open", network: `n${below(40)}` },
      { type: "close" },
      next,
      better,
      { type: "network-changed", network: `n${below(3)}` },
      ...(kind === undefined ? [] : [proven(kind), closed(kind, [1006, 4000, 1000][below(3)])]),
    ];
    const input = choices[below(choices.length)]!;
    if (input.type === "open" && wanted) continue;
    if (input.type === "closed") opened.delete(input.kind);
    if (input.type === "open") wanted = true;
    if (input.type === "close") wanted = false;
    const result = stepChoice(state, input, { nowMs: NOW_MS + i * below(60_000) });
    state = result.state;
    for (const effect of result.effects) {
      if (effect.type === "start") {
        expect(opened.has(effect.kind)).toBe(false);
        opened.add(effect.kind);
      } else if (effect.type === "stop") expect(opened.delete(effect.kind)).toBe(true);
      else if (effect.type === "ended") {
        expect(wanted).toBe(true);
        wanted = false;
      }
    }
    const expected = { idle: [], racing: state.running, carrying: [state.carrier], probing: [state.carrier, state.probe] }[state.kind];
    expect(new Set(expected)).toEqual(opened);
    expect(state.kind === "idle").toBe(!wanted);
    expect(state.memory.length).toBeLessThanOrEqual(16);
  }
});
