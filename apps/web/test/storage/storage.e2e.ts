/** Every kind of storage keeps the contract of `SqlDatabase`, in a real browser, on the SQLite that the app is built with; the lasting ones survive a worker ended by force. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { slimSqlite } from "../../bundling/slim-sqlite.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
let server: ViteDevServer;
let browser: Browser;
let page: Page;

const step = (job: object): Promise<Record<string, unknown>> =>
  page.evaluate((given) => (globalThis as unknown as { runStep(job: object): Promise<Record<string, unknown>> }).runStep(given), job);

describe.skipIf(!existsSync(CHROMIUM))("storage in Chromium (apt install chromium, or set CHROMIUM)", () => {
  beforeAll(async () => {
    server = await createServer({
      root: import.meta.dirname,
      configFile: false,
      logLevel: "error",
      plugins: [slimSqlite()],
      server: { host: "127.0.0.1", port: 0 },
      optimizeDeps: { exclude: ["@sqlite.org/sqlite-wasm"] },
    });
    await server.listen();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage();
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction(() => "runStep" in globalThis);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.each(["opfs", "indexeddb", "memory"])("%s keeps the contract", async (kind) => {
    expect(await step({ kind, profile: `contract-${kind}`, step: "contract" })).toEqual({ kind, broken: [] });
  });

  test.each(["opfs", "indexeddb"])("%s survives a worker that is ended by force", async (kind) => {
    await step({ kind, profile: `kept-${kind}`, step: "write" });
    expect(await step({ kind, profile: `kept-${kind}`, step: "read" })).toEqual({ kind, n: 5_000, check: "ok" });
  });

  test("profiles of one origin do not see one another", async () => {
    await step({ kind: "opfs", profile: "one", step: "write" });
    await expect(step({ kind: "opfs", profile: "two", step: "read" })).rejects.toThrow(/no such table/);
  });
});
