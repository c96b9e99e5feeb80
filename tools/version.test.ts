/** One version: what the programs say they are, what the manifests say, and what releases were frozen as. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { PROGRAM_VERSION } from "@hawser/base/version";
import { expect, test } from "vitest";
import { readText, trackedFiles } from "./source-files.ts";

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const ordered = (version: string): number => version.split(".").reduce((sum, part) => sum * 1_000 + Number(part), 0);
const frozen = readdirSync("releases").filter((name) => existsSync(`releases/${name}/manifest.json`));

test("every package.json and lock file says it, of itself and of what it asks for (node tools/set-version.mjs)", () => {
  const said = trackedFiles()
    .filter((path) => /(^|\/)package(-lock)?\.json$/.test(path))
    .flatMap((path) => {
      const { packages, ...manifest } = JSON.parse(readText(path)) as Manifest & { packages?: Record<string, Manifest> };
      const own = Object.entries(packages ?? {}).filter(([folder]) => !folder.includes("node_modules/"));
      return [manifest, ...own.map(([, entry]) => entry)].map((entry) => ({ path, ...entry }));
    })
    .flatMap(({ path, version, dependencies }) => [
      { path, version },
      ...Object.entries(dependencies ?? {})
        .filter(([name]) => name.startsWith("@hawser/"))
        .map(([name, wanted]) => ({ path: `${path}: ${name}`, version: wanted })),
    ]);
  expect(said.length).toBeGreaterThan(100);
  expect(said.filter(({ version }) => version !== PROGRAM_VERSION)).toEqual([]);
});

test("no other file of the programs says one of its own", () => {
  const programs = trackedFiles().filter((path) => /^(packages|apps)\/.*\.tsx?$/.test(path) && !/\.(test|e2e)\.tsx?$|\/test\//.test(path));
  const own = programs.filter(
    (path) => path !== "packages/base/src/version.ts" && /\bversion(?:: | = )"\d+\.\d+\.\d+"/i.test(readText(path)),
  );
  expect(own).toEqual([]);
});

test("no release that was frozen is newer than the tree", () => {
  expect(frozen.length).toBeGreaterThan(0);
  expect(frozen.filter((name) => ordered(name) > ordered(PROGRAM_VERSION))).toEqual([]);
});

test("a release is not frozen under a name that its programs do not say", () => {
  const { status, stderr } = spawnSync(process.execPath, ["tools/freeze-release.mjs", "99.0.0", "HEAD"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/says that it is \d+\.\d+\.\d+: node tools\/set-version.mjs 99\.0\.0/)]);
  expect(existsSync("releases/99.0.0")).toBe(false);
});
