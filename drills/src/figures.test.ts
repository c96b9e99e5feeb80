/** What every drill states: who was signed out, what was lost, when chats were usable, when people were told. */
import { expect, test } from "vitest";
import { COMMON_FIGURES, type Goal, judge, QUIET_SECONDS } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";

const played = SCENARIOS.flatMap((scenario) => scenario.engines.map((engine) => [scenario.name, engine, scenario] as const));

test.each(played)("%s states the four figures (%s)", (_name, engine, { goals }) => {
  const stated = new Map(goals.filter((goal) => (goal.engine ?? engine) === engine).map((goal) => [goal.figure, goal]));
  expect(COMMON_FIGURES.filter((figure) => !stated.has(figure))).toEqual([]);
  expect([stated.get("signedOut")!.atMost, stated.get("lost")!.atMost]).toEqual([0, 0]);
  expect([stated.get("usableSeconds")!.unit, stated.get("toldSeconds")!.unit]).toEqual(["s", "s"]);
});

test("a figure without a measurement is missed, and so is silence about what people saw", () => {
  const goal: Goal = { figure: "toldSeconds", what: "", unit: "s", peer: "–", atMost: 10 };
  const held = (figures: [string, Parameters<typeof judge>[1] extends ReadonlyMap<string, infer F> ? F : never][]): boolean =>
    judge([goal], new Map(figures), "simulator")[0]!.held;
  expect(held([])).toBe(false);
  expect(held([["toldSeconds", 11]])).toBe(false);
  expect(held([["toldSeconds", 9]])).toBe(true);
  expect(held([["toldSeconds", { longestSeconds: QUIET_SECONDS }]])).toBe(true);
  expect(held([["toldSeconds", { longestSeconds: QUIET_SECONDS + 0.1 }]])).toBe(false);
});
