/** Reads a QR code from a picture of a screen: the camera of a client that runs in Node. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { until } from "./until.ts";

const WASM = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");

let ready = false;

export async function readCode(png: Uint8Array): Promise<string | undefined> {
  if (!ready) await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(WASM)).buffer }, fireImmediately: true });
  ready = true;
  const [code] = await readBarcodes(png, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
  return code?.text;
}

/** The code on the page's screen, as soon as one can be read; `otherThan` waits for the next one. */
export async function codeOnScreen(page: Page, otherThan?: string, timeoutMs?: number): Promise<string> {
  return until(
    "a code can be read from the screen",
    async () => {
      const code = await readCode(await page.screenshot({ type: "png", scale: "css" }));
      return code === otherThan ? undefined : code;
    },
    timeoutMs,
  );
}
