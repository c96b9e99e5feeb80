/** The rules of the house, as tests: layers, declared packages, file sizes, headers, words, the lock file. */
import { describe, expect, test } from "vitest";
import { missingOptional } from "./complete-lock.mjs";
import { LAYERS, LONGEST_FILE_LINES, STANDS_FOR, type Layer } from "./layers.ts";
import { importsOf, isGenerated, isTest, readText, trackedFiles } from "./source-files.ts";

const UNDER_CONSTRUCTION =
  (JSON.parse(readText("package.json")) as { hawser?: { underConstruction?: boolean } }).hawser?.underConstruction === true;
const files = trackedFiles();
const sources = files.filter((path) => /\.(ts|tsx)$/.test(path) && !isGenerated(path));
const inLayer = (layer: Layer): string[] => sources.filter((path) => path.startsWith(`${layer.folder}/`));

interface LockedPackage {
  readonly resolved?: string;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** `@hawser/wire/limits` → `wire`; `undefined` for anything that is not ours. */
function ownPackage(specifier: string): string | undefined {
  return /^@hawser\/([a-z-]+)/.exec(specifier)?.[1];
}

/** `@noble/hashes/sha2.js` → `@noble/hashes`; `undefined` for relative files, Node's own modules and virtual ones. */
function foreignPackage(specifier: string): string | undefined {
  if (/^(\.|\/|node:|virtual:)/.test(specifier) || ownPackage(specifier) !== undefined) return undefined;
  return /^(@[^/]+\/[^/]+|[^/?]+)/.exec(specifier)?.[1];
}

test("there are sources to look at", () => {
  expect(sources.length).toBeGreaterThan(10);
});

test("every workspace has a layer", () => {
  const folders = files
    .filter((path) => /^(packages\/[^/]+|apps\/[^/]+|bench|sim|drills)\/package\.json$/.test(path))
    .map((path) => path.replace("/package.json", ""));
  expect(folders.sort()).toEqual(
    Object.values(LAYERS)
      .map((layer) => layer.folder)
      .sort(),
  );
});

describe.each(Object.entries(LAYERS))("%s", (name, layer) => {
  const modules = inLayer(layer).map((path) => ({ path, imports: importsOf(readText(path)) }));

  test("imports only what the table of layers allows", () => {
    const wrong = modules.flatMap(({ path, imports }) => {
      const allowed = [name, ...layer.imports, ...(isTest(path) ? (layer.tests ?? []) : [])];
      const outside = imports.filter((specifier) => specifier.startsWith(".") && leaves(path, specifier, layer.folder));
      const undeclared = imports.filter((specifier) => !allowed.includes(ownPackage(specifier) ?? name));
      return [...outside, ...undeclared].map((specifier) => `${path} imports ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  test("names in package.json what it imports", () => {
    const manifest = JSON.parse(readText(`${layer.folder}/package.json`)) as { dependencies?: Record<string, string> };
    const root = JSON.parse(readText("package.json")) as { devDependencies: Record<string, string> };
    const wrong = modules.flatMap(({ path, imports }) => {
      const tooling = isTest(path) || path.endsWith(".config.ts");
      const known = { ...manifest.dependencies, ...(tooling ? root.devDependencies : {}), [`@hawser/${name}`]: "" };
      const names = imports.map(
        (specifier) =>
          foreignPackage(specifier) ?? (ownPackage(specifier) && !isTest(path) ? `@hawser/${ownPackage(specifier)}` : undefined),
      );
      return names
        .filter((foreign) => foreign !== undefined && !((STANDS_FOR[foreign] ?? foreign) in known))
        .map((foreign) => `${path} imports ${foreign}`);
    });
    expect(wrong).toEqual([]);
  });
});

test("files of the pure packages begin with a comment that says what they are for", () => {
  const cores = Object.values(LAYERS)
    .filter((layer) => layer.pure)
    .flatMap(inLayer);
  const silent = cores.filter((path) => !isTest(path) && !readText(path).startsWith("/**"));
  expect(silent).toEqual([]);
});

test("the table of layers has no stale entries", ({ skip }) => {
  if (UNDER_CONSTRUCTION) skip('package.json says "underConstruction"');
  const stale = Object.entries(LAYERS).flatMap(([name, layer]) => {
    const imported = new Set(inLayer(layer).flatMap((path) => importsOf(readText(path)).map(ownPackage)));
    return [...layer.imports, ...(layer.tests ?? [])].filter((other) => !imported.has(other)).map((other) => `${name} → ${other}`);
  });
  expect(stale).toEqual([]);
});

test(`no file is longer than ${LONGEST_FILE_LINES} lines`, () => {
  const long = sources
    .map((path) => ({ path, lines: readText(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE_LINES);
  expect(long).toEqual([]);
});

test("no unfinished business and no traces of a machine are committed", () => {
  // Written in pieces, so that this list does not find itself.
  const words = [
    ["TO", "DO"], ["FIX", "ME"], ["X", "XX:"], ["/wor", "k/"], ["/tmp/", "brief"], ["/bash_", "jobs"], ["/far", "m/"], ["registry.", "npmjs"], ["npmjs", ".org/"],
    ["deb.", "debian.org"], ["security.", "debian.org"], ["sub-", "agent"],
  ].map((pieces) => pieces.join("")); // prettier-ignore
  const readable = files.filter((path) => !/\.(png|jpg|webp|ico|woff2|wasm|zip|y4m|db|bin|gz|br)$/.test(path));
  const found = readable.flatMap((path) => {
    const text = readText(path);
    return words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
  });
  expect(found).toEqual([]);
});

test("file names are kebab-case", () => {
  const wrong = sources.filter(
    (path) =>
      !/^[a-z0-9.-]+$/.test(
        path
          .split("/")
          .at(-1)!
          .replace(/^README.*/, "readme"),
      ),
  );
  expect(wrong).toEqual([]);
});

test("nothing is called utils, helpers or common", () => {
  expect(sources.filter((path) => /(^|\/)(utils?|helpers?|common)(\/|\.tsx?$)/.test(path))).toEqual([]);
});

describe.each(files.filter((path) => /(^|\/)package-lock\.json$/.test(path)))("%s", (path) => {
  const lock = JSON.parse(readText(path)) as { packages: Record<string, LockedPackage> };

  test("records no download addresses", () => {
    expect(Object.values(lock.packages).filter((entry) => /^(https?|git)/.test(entry.resolved ?? ""))).toEqual([]);
  });

  test("is in step with every package.json (npm install --ignore-scripts)", () => {
    const folder = path.replace("package-lock.json", "");
    const local = Object.entries(lock.packages).filter(([name]) => !name.includes("node_modules/"));
    const stale = local.filter(([name, entry]) => {
      const manifest = `${folder}${name === "" ? "" : `${name}/`}package.json`;
      return !files.includes(manifest) || !sameVersions(entry.dependencies, (JSON.parse(readText(manifest)) as LockedPackage).dependencies);
    });
    expect(stale.map(([name]) => name)).toEqual([]);
  });

  test("names every optional package, or npm ci refuses it (node tools/complete-lock.mjs)", () => {
    expect(missingOptional(lock)).toEqual([]);
  });
});

/** Whether a relative import points out of its own package. */
function leaves(path: string, specifier: string, folder: string): boolean {
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  return !target.startsWith(`${folder}/`);
}

function sameVersions(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const sorted = (versions: Readonly<Record<string, string>>): string =>
    Object.entries(versions)
      .map(([name, version]) => `${name}@${version}`)
      .sort()
      .join();
  return sorted(a) === sorted(b);
}
