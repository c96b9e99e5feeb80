/** Reads the repository's own files for the rules of the house. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const GENERATED = /\/gen\/|\/dist\/|_pb\.(js|d\.ts)$/;

export const readText = (path: string): string => readFileSync(join(ROOT, path), "utf8");
export const isTest = (path: string): boolean => /\.test\.tsx?$|\/test\/|\.bench\.ts$/.test(path);
export const isGenerated = (path: string): boolean => GENERATED.test(path);

/** Every file that is, or is about to be, under version control. In an unpacked archive without git: none, and the caller fails. */
export function trackedFiles(): string[] {
  const output = execFileSync("git", ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return output.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

/** What a module names in `import`, `export … from`, `import()` and `new Worker(new URL())`-free code; comments are ignored. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statement = /^\s*(?:import|export)\b(?:[^"';]*?\bfrom\s*)?["']([^"']+)["']/gm;
  const call = /\bimport\(\s*["']([^"']+)["']\s*\)/g;
  return [statement, call].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}
