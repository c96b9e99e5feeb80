/** Reads a QR code from a picture of a screen: the camera of a client that runs in Node. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { AppPage } from "./engines/app-page.ts";
import { until } from "./until.ts";

const WASM = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");

let ready = false;

export async function readCode(png: Uint8Array): Promise<string | undefined> {
  if (!ready) await prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(WASM)).buffer }, fireImmediately: true });
  ready = true;
  const [code] = await readBarcodes(png, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
  return code?.text;
}

export interface CodePicture {
  readonly text: string;
  readonly png: Buffer;
}

/** A picture of the page's screen with a code that can be read, as soon as there is one; `otherThan` waits for the next code. */
export async function pictureOfCode(page: AppPage, otherThan?: string, timeoutMs?: number): Promise<CodePicture> {
  return until(
    "a code can be read from the screen",
    async () => {
      const png = await page.screenshot({ type: "png", scale: "css" });
      const text = await readCode(png);
      return text === undefined || text === otherThan ? undefined : { text, png };
    },
    timeoutMs,
  );
}

export const codeOnScreen = async (page: AppPage, otherThan?: string, timeoutMs?: number): Promise<string> =>
  (await pictureOfCode(page, otherThan, timeoutMs)).text;
