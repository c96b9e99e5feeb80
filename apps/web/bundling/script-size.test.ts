/**
 * What a person has to download. The same sources give the same bytes, so a test holds the goals of `npm run bench -- web` that are sizes;
 * a script counts as it goes over the wire, in one language.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const MAX_APP_BYTES = 350_000;
const MAX_BEFORE_CODE_BYTES = 25_000;
/** Catalogues of the other languages: a browser loads one. */
const OTHER_LANGUAGE = /\/(?:ar|az|tr)-[^/]*\.js$/;

const APP = join(import.meta.dirname, "..");
let folder = "";
const packedBytes = (name: string): number => statSync(join(folder, `${name}.br`)).size;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-size-"));
  vi.stubEnv("NODE_ENV", "production");
  await build({ root: APP, configFile: join(APP, "vite.config.ts"), logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("the whole app", () => {
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".js") && !OTHER_LANGUAGE.test(name),
  );
  const sizes = scripts.map((name) => [packedBytes(name), name] as const).sort(([a], [b]) => b - a);
  expect(sizes.length).toBeGreaterThan(5);
  const wholeBytes = sizes.reduce((sum, [bytes]) => sum + bytes, 0);
  expect(wholeBytes, `too much:\n${sizes.map((size) => size.join(" ")).join("\n")}`).toBeLessThanOrEqual(MAX_APP_BYTES);
});

test("before the code is on the screen", () => {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const asked = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, name]) => name!);
  expect(asked).not.toEqual([]);
  expect(asked.reduce((sum, name) => sum + packedBytes(name), 0)).toBeLessThanOrEqual(MAX_BEFORE_CODE_BYTES);
});
