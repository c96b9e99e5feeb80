/** The table of requirements stays true: every number stands in it, and every proof it names exists. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { readText } from "./source-files.ts";

const table = readText("docs/requirements.md");
const REQUIREMENTS = 51;

test("every requirement has its line, with a proof or the words 'not yet'", () => {
  const lines = new Map([...table.matchAll(/^\| R(\d+) \|[^|]*\|([^|]*)\|$/gm)].map((match) => [Number(match[1]), match[2]!]));
  for (let number = 1; number <= REQUIREMENTS; number++) expect(lines.get(number), `R${number}`).toMatch(/`|not yet/);
  expect(lines.size).toBe(REQUIREMENTS);
});

test("every file it names exists, and every quoted test stands in the file named before it", () => {
  const files = [...table.matchAll(/`((?:apps|packages|e2e|sim|drills|interop)\/[^`]*)`((?: "[^"]+"|[^`|])*)/g)];
  expect(files.length).toBeGreaterThan(20);
  for (const [, path, after] of files) {
    expect(existsSync(path!), path).toBe(true);
    if (!path!.endsWith(".ts")) continue;
    const text = readText(path!).replaceAll("\\", "");
    for (const [, quoted] of after!.matchAll(/"([^"]+)"/g)) {
      for (const part of quoted!.split("…").map((piece) => piece.trim())) {
        expect(text.includes(part), `${path}: "${quoted}"`).toBe(true);
      }
    }
  }
});
