/**
 * The built web app in a real Chromium over loopback: what stands between a person and the first code, the whole app's script, opening
 * with history, and scrolling. Profiles are linked for real and then filled in their own storage by the bench's worker.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { firstCode, firstRowInView, loadedScripts, openList, scrollList } from "./browser/app-page.ts";
import { BenchTab } from "./browser/bench-page.ts";
import { hasChromium, openChromium, WITHOUT_CHROMIUM } from "./browser/chromium.ts";
import { buildSite, type Site } from "./browser/site.ts";
import { percentile } from "./corpus.ts";
import { type Spawned, spawnProcess } from "./shared/spawn.ts";

export const goals: Goal[] = [
  { name: "script before the code", compare: "<=", value: 25, unit: "KB" },
  { name: "code on screen", compare: "<=", value: 300, unit: "ms" },
  { name: "script of the whole app", compare: "<=", value: 350, unit: "KB" },
  { name: "opening with 100,000 messages", compare: "<=", value: 700, unit: "ms" },
  { name: "scrolling 5,000 chats, frame p95", compare: "<=", value: 17.5, unit: "ms" },
];

const ROUNDS = 10;
const QUICK_ROUNDS = 3;
const FILLED = {
  messages: { messages: 100_000, conversations: 500 },
  chats: { messages: 10_000, conversations: 5_000 },
} as const;
const QUICK = { messages: { messages: 10_000, conversations: 500 }, chats: { messages: 5_000, conversations: 5_000 } } as const;

interface Place {
  readonly folder: string;
  readonly site: Site;
  readonly url: string;
  readonly rounds: number;
}

export async function run(options: { quick?: boolean }): Promise<BenchmarkResult> {
  if (!hasChromium()) return { figures: {}, table: WITHOUT_CHROMIUM };
  const folder = mkdtempSync(join(tmpdir(), "hawser-web-"));
  const server = spawnProcess("server-process.ts");
  const phone = spawnProcess("device-process.ts");
  try {
    const site = await buildSite(join(folder, "site"), { withApp: true });
    const url = await server.ask<string>("start", { dataDir: join(folder, "server"), webRoot: site.webRoot });
    await phone.ask("phone", { profileDir: join(folder, "phone"), serverUrl: url }, "phone", 0, 0);
    const place: Place = { folder, site, url, rounds: options.quick === true ? QUICK_ROUNDS : ROUNDS };
    const filled = options.quick === true ? QUICK : FILLED;
    const code = await measureCode(place);
    const scripts = await measureScripts(place);
    const openedMs = await measureOpening(place, await filledProfile(place, phone, "messages", filled.messages));
    const frames = await measureScrolling(place, await filledProfile(place, phone, "chats", filled.chats));
    return report({ ...code, scripts, openedMs, frames }, filled);
  } finally {
    await phone.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A browser that was never here: nothing cached, a process just started. */
async function measureCode({ folder, url, rounds }: Place): Promise<{ codeMs: number[]; codeScriptBytes: number }> {
  const codeMs: number[] = [];
  let codeScriptBytes = 0;
  for (let round = 0; round < rounds; round++) {
    const context = await openChromium(join(folder, `cold-${round}`));
    try {
      const measured = await firstCode(context, url);
      codeMs.push(measured.codeMs);
      codeScriptBytes = Math.max(codeScriptBytes, measured.scriptBytes);
    } finally {
      await context.close();
    }
  }
  return { codeMs, codeScriptBytes };
}

/**
 * Every script of the build in one language, as the server sends it. A browser that opens both faces is asked whether those counted are all.
 */
async function measureScripts({ folder, site, url }: Place): Promise<ReadonlyMap<string, number>> {
  const { scripts, enginePath } = site;
  const context = await openChromium(join(folder, "scripts"), { serviceWorkers: "block" });
  try {
    const asked = loadedScripts(context);
    const page = await context.newPage();
    for (const path of ["/", "/phone"]) await page.goto(url + path, { waitUntil: "networkidle" });
    const wrong = [...asked].filter((path) => !scripts.includes(path));
    if (wrong.length > 0 || !asked.has(enginePath)) throw new Error(`the app loads other scripts than thought: ${wrong.join(", ")}`);
  } finally {
    await context.close();
  }
  return new Map(await Promise.all(scripts.map(async (path) => [path, await packedBytes(url + path)] as const)));
}

/** Bytes of the body as they go over the wire to a browser. */
function packedBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "br, gzip" } }, (response) => {
      let bytes = 0;
      response.on("data", (part: Buffer) => (bytes += part.length));
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${response.statusCode}`))));
    }).on("error", reject);
  });
}

/** Linked by the app's own engine, then filled behind its back; the app then finds a store that looks as if it had all come. */
async function filledProfile(
  { folder, site, url }: Place,
  phone: Spawned,
  name: string,
  rows: { messages: number; conversations: number },
): Promise<string> {
  const profileDir = join(folder, `profile-${name}`);
  const context = await openChromium(profileDir);
  try {
    const linking = await BenchTab.open(context, url);
    await linking.call("engine", site.enginePath, "companion");
    const code = await linking.call("code");
    await linking.call("watchHistory", 0);
    await phone.ask("approve", code);
    await linking.call("history");
    await linking.close();
    const filling = await BenchTab.open(context, url);
    await filling.ask("fill", { profile: "companion", ...rows });
    await filling.close();
  } finally {
    await context.close();
  }
  return profileDir;
}

/** The browser is started anew each time: a cold process, as in the morning. The first opening only leaves the app's marks. */
async function measureOpening({ url, rounds }: Place, profileDir: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const context = await openChromium(profileDir);
    try {
      const openedMs = await openList(await context.newPage(), url);
      if (round > 0) times.push(openedMs);
    } finally {
      await context.close();
    }
  }
  return times;
}

async function measureScrolling({ url }: Place, profileDir: string): Promise<number[]> {
  const context = await openChromium(profileDir);
  try {
    const page = await context.newPage();
    await openList(page, url);
    await page.waitForLoadState("networkidle");
    const frames = await scrollList(page);
    if ((await firstRowInView(page)) < 100) throw new Error("the list did not scroll");
    return frames;
  } finally {
    await context.close();
  }
}

interface Measured {
  readonly codeMs: readonly number[];
  readonly codeScriptBytes: number;
  readonly scripts: ReadonlyMap<string, number>;
  readonly openedMs: readonly number[];
  readonly frames: readonly number[];
}

function report({ codeMs, codeScriptBytes, scripts, openedMs, frames }: Measured, filled: typeof FILLED | typeof QUICK): BenchmarkResult {
  const KB = 1_000;
  const scriptKb = [...scripts.values()].reduce((sum, bytes) => sum + bytes, 0) / KB;
  const figures = {
    "script before the code": codeScriptBytes / KB,
    "code on screen": percentile(codeMs, 0.5),
    "script of the whole app": scriptKb,
    "opening with 100,000 messages": percentile(openedMs, 0.5),
    "scrolling 5,000 chats, frame p95": percentile(frames, 0.95),
    "scrolling, frame p50 (ms)": percentile(frames, 0.5),
    "scrolling, frame p99 (ms)": percentile(frames, 0.99),
  };
  const range = (values: readonly number[]): string =>
    `median ${percentile(values, 0.5).toFixed(0)} ms, ${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)} in ${values.length} cold starts`;
  const table = [
    `script over the wire before the code   ${figures["script before the code"].toFixed(1)} KB`,
    `code on screen                         ${range(codeMs)}`,
    `script of the whole app                ${scriptKb.toFixed(0)} KB in ${scripts.size} files`,
    ...[...scripts].sort((a, b) => b[1] - a[1]).map(([path, bytes]) => `    ${(bytes / KB).toFixed(1).padStart(7)} KB  ${path}`),
    `opening with ${filled.messages.messages} messages            ${range(openedMs)}`,
    `scrolling ${filled.chats.conversations} chats                 frames p50 ${percentile(frames, 0.5).toFixed(1)} ms, p95 ${percentile(frames, 0.95).toFixed(1)} ms, max ${Math.max(...frames).toFixed(1)} ms (${frames.length})`,
  ].join("\n");
  return { figures, table };
}
