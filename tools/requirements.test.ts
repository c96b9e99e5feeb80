/** The table of requirements stays true: every number stands in it, every proof it names exists, and each line names a test by its title. */
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { readText } from "./source-files.ts";

const table = readText("docs/requirements.md");
const REQUIREMENTS = 51;
/** A number, and its proofs. */
const lines = new Map([...table.matchAll(/^\| R(\d+) \|[^|]*\|([^|]*)\|$/gm)].map((match) => [Number(match[1]), match[2]!.trim()]));

interface Quote {
  readonly path: string;
  readonly title: string;
}

/** What is quoted behind a file's name is the title of a test in it; dots stand for what is left out. */
const quotesOf = (proofs: string): Quote[] =>
  [...proofs.matchAll(/`([^`]+\.tsx?)`([^`]*)/g)].flatMap(([, path, after]) =>
    [...after!.matchAll(/"([^"]+)"/g)].map((match) => ({ path: path!, title: match[1]! })),
  );

/** Texts of a module, without its comments; a title may be made of several rows of a table, each a text of its own. */
function textsOf(path: string): string[] {
  const code = readText(path)
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map((match) => (match[1] ?? match[2]!).replaceAll("\\", ""));
}

const fits = (text: string, title: string): boolean => {
  let from = 0;
  return title.split("…").every((part) => {
    const at = text.indexOf(part.trim(), from);
    from = at + part.trim().length;
    return at >= 0;
  });
};

test("every requirement has its line, with a proof or the words 'not yet'", () => {
  for (let number = 1; number <= REQUIREMENTS; number++) expect(lines.get(number), `R${number}`).toMatch(/`|not yet/);
  expect(lines.size).toBe(REQUIREMENTS);
});

test("every file and command it names exists, wherever it is, and names of tests stand whole", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
  const named = [...table.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  const paths = named.filter((name) => /\.tsx?$|^[\w.-]+\/[\w./-]*$/.test(name));
  expect(paths.length).toBeGreaterThan(100);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  const commands = named.flatMap((name) => /^npm (?:run )?([\w-]+)/.exec(name)?.[1] ?? []);
  expect(commands.filter((command) => scripts[command] === undefined)).toEqual([]);
});

test("every line that has a proof quotes a test, and every quoted test stands in the file named before it", () => {
  const without = [...lines].filter(([, proofs]) => !proofs.startsWith("not yet") && quotesOf(proofs).length === 0);
  expect(without.map(([number]) => `R${number}`)).toEqual([]);
  const quotes = [...lines.values()].flatMap(quotesOf);
  expect(quotes.length).toBeGreaterThan(35);
  expect(quotes.filter(({ path, title }) => !textsOf(path).some((text) => fits(text, title)))).toEqual([]);
});

test("what counts as a proof holds tests: a file named as one has some", () => {
  const files = new Set([...table.matchAll(/`([^`]+\.(?:test|e2e)\.ts)`/g)].map((match) => match[1]!));
  expect([...files].filter((path) => !/^\s*(?:test|describe|scenario|it)\b[.(]/m.test(readText(path)))).toEqual([]);
});
