/** The instrument itself: what stands on one browser's screen reaches another browser through its camera, and changes with it. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { renderSVG } from "uqr";
import type { Page } from "playwright-core";
import { scenario } from "./scenario.ts";
import { until } from "./until.ts";

const require = createRequire(import.meta.url);
const detector = dirname(require.resolve("barcode-detector"));
const reader = readFileSync(join(dirname(require.resolve("zxing-wasm/reader/zxing_reader.wasm")), "zxing_reader.wasm"));

const SCANNER = `<!doctype html><video autoplay muted playsinline></video>
<script src="/detector.js"></script>
<script>
  BarcodeDetectionAPI.prepareZXingModule({ overrides: { locateFile: () => "/reader.wasm" } });
  const detector = new BarcodeDetectionAPI.BarcodeDetector({ formats: ["qr_code"] });
  const video = document.querySelector("video");
  window.seen = [];
  const look = async () => {
    if (video.readyState >= 2) for (const { rawValue } of await detector.detect(video)) seen.push(rawValue);
    requestAnimationFrame(look);
  };
  navigator.mediaDevices.getUserMedia({ video: true }).then((stream) => { video.srcObject = stream; look(); });
</script>`;

let server: Server;
let origin: string;

beforeAll(async () => {
  const files: Record<string, [string, string | Buffer]> = {
    "/": ["text/html", SCANNER],
    "/detector.js": ["text/javascript", readFileSync(join(detector, "../iife/ponyfill.js"))],
    "/reader.wasm": ["application/wasm", reader],
  };
  server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ""] ?? ["text/plain", ""];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => server.close());

const lastSeen = (phone: Page): Promise<string | undefined> => phone.evaluate(() => (window as unknown as { seen: string[] }).seen.at(-1));
const showCode = (screen: Page, text: string): Promise<void> =>
  screen.setContent(`<div style="width: 320px; margin: 60px auto">${renderSVG(text)}</div>`);

scenario("a camera sees the codes of a screen, one after the other", async (world) => {
  const scanner = await (await world.phone()).page();
  const screen = await (await world.companion()).page();
  await scanner.goto(origin);
  const first = `https://hawser.example/link#1.${"A".repeat(107)}`;
  const second = `https://hawser.example/link#1.${"B".repeat(107)}`;
  await showCode(screen, first);
  await until("the scanner runs", () => scanner.evaluate(() => document.querySelector("video")!.readyState >= 2));
  expect(await lastSeen(scanner)).toBeUndefined();
  await world.camera.pointAt(screen, async () => {
    await until("the camera reads the first code", async () => (await lastSeen(scanner)) === first);
    await showCode(screen, second);
    await until("the camera reads the second code", async () => (await lastSeen(scanner)) === second);
  });
});
