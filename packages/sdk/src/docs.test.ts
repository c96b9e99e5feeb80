/**
 * docs/SDK.md is true: its `ts run` blocks, joined in order, compile under the house's settings and run against a real server, and each
 * `console.log` prints what its comment says.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "@hawser/server";
import { expect, test } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");
const ROOT = join(PACKAGE, "..", "..");
const run = promisify(execFile);

const text = readFileSync(join(ROOT, "docs", "SDK.md"), "utf8");
const blocks = [...text.matchAll(/^```ts run\n(.*?)^```$/gms)].map((match) => match[1]!);

/** Imports go to the top; what the page takes for granted stands before them. */
function program(): string {
  const lines = blocks.join("\n").split("\n");
  const isImport = (line: string): boolean => line.startsWith("import ");
  const given = [
    'import type { ConversationId, HawserClient } from "@hawser/sdk";',
    "const [folder, serverUrl] = process.argv.slice(2) as [string, string];",
  ];
  return [...lines.filter(isImport), ...given, ...lines.filter((line) => !isImport(line))].join("\n");
}

const expected = blocks.flatMap((block) => [...block.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]!));

test("the examples compile, run, and print what they say", async () => {
  expect(blocks.length).toBeGreaterThan(8);
  expect(expected.length).toBeGreaterThan(8);
  // Inside the package, so that its imports resolve as a reader's would.
  const folder = mkdtempSync(join(PACKAGE, ".docs-"));
  const server = await startServer({ dataDir: join(folder, "server"), registration: "open", logLevel: "silent" });
  try {
    const file = join(folder, "sdk.ts");
    writeFileSync(file, program());
    const settings = {
      extends: join(ROOT, "tsconfig.node.json"),
      compilerOptions: { lib: ["es2024", "esnext.disposable", "dom"] },
      files: [file],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const [compiled, ran] = await Promise.all([
      run(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", folder], { cwd: ROOT }).then(
        () => "",
        (error: { stdout?: string }) => error.stdout ?? "tsc failed",
      ),
      run(process.execPath, ["--disable-warning=ExperimentalWarning", file, join(folder, "profiles"), server.url], { timeout: 25_000 }),
    ]);
    expect(compiled).toBe("");
    expect(ran.stdout.trim().split("\n")).toEqual(expected);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 40_000);
