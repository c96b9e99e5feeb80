/** No machine is left out of the check for dead ends and of docs/STATE-MACHINES.md. */
import { toMermaid } from "@hawser/base";
import { MACHINE_ATTEMPTS, PARTS_OF_ATTEMPTS } from "@hawser/client/outcomes/attempts";
import { describe, expect, test } from "vitest";
import { MACHINES } from "./documents/machines.ts";
import { LAYERS } from "./layers.ts";
import { isGenerated, isTest, readText, trackedFiles } from "./source-files.ts";

/** Not a machine: it runs the four of linking. */
const ENGINES: readonly string[] = ["stepLink"];
const STEP = /^export (?:const|function) (step[A-Z]\w*)\b/gm;
const pure = Object.values(LAYERS).filter((layer) => layer.pure);

test("every machine of the pure packages is described", () => {
  const folders = pure.map(({ folder }) => folder);
  const found = trackedFiles()
    .filter(
      (path) => path.endsWith(".ts") && !isTest(path) && !isGenerated(path) && folders.some((folder) => path.startsWith(`${folder}/`)),
    )
    .flatMap((path) => [...readText(path).matchAll(STEP)].map((match) => match[1]!))
    .filter((name) => !ENGINES.includes(name));
  expect(found.toSorted()).toEqual(MACHINES.map(({ step }) => step).toSorted());
});

test("every machine ends its attempts in outcomes, or is a part of one that does", () => {
  const told = [...Object.keys(MACHINE_ATTEMPTS), ...Object.keys(PARTS_OF_ATTEMPTS)];
  expect(told.toSorted()).toEqual(MACHINES.map(({ step }) => step).toSorted());
  for (const { step, states } of MACHINES)
    if (MACHINE_ATTEMPTS[step] !== undefined)
      expect(Object.keys(MACHINE_ATTEMPTS[step].of).toSorted()).toEqual(Object.keys(states).toSorted());
});

describe.each(MACHINES)("$title", ({ states, transitions, deadEnds }) => {
  test("has no dead end", () => expect(deadEnds).toEqual([]));

  test("goes only where its states are, and comes to each of them", () => {
    const [first = ""] = Object.keys(states);
    expect([...new Set([first, ...transitions.flatMap(({ state, next }) => [state, next])])].toSorted()).toEqual(
      Object.keys(states).toSorted(),
    );
    const reached = new Set([first]);
    for (let round = 0; round < Object.keys(states).length; round++)
      for (const { state, next } of transitions) if (reached.has(state)) reached.add(next);
    expect([...reached].toSorted()).toEqual(Object.keys(states).toSorted());
    const drawing = toMermaid(transitions);
    for (const { state, next } of transitions) if (state !== next) expect(drawing).toContain(`${state.replaceAll("-", "_")} --> `);
  });
});
