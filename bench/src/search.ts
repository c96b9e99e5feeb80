/**
 * Full-text search over a million messages, in the schema every client uses, in Node and in a real Chromium: what a person waits
 * for a page of results.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { BenchTab } from "./browser/bench-page.ts";
import { hasChromium, openChromium, WITHOUT_CHROMIUM } from "./browser/chromium.ts";
import type { QueryTimes } from "./browser/questions.ts";
import { buildSite } from "./browser/site.ts";
import { percentile, seededRandom, textNumber } from "./corpus.ts";
import { fillStore, openStore, searchQueries, searchTimes } from "./shared/fill-store.ts";
import { spawnProcess } from "./shared/spawn.ts";

export const goals: Goal[] = [
  { name: "Node p95", compare: "<=", value: 50, unit: "ms" },
  { name: "Chromium p95", compare: "<=", value: 50, unit: "ms" },
];

const MESSAGES = 1_000_000;
const CONVERSATIONS = 500;
const QUERIES_OF_A_KIND = 200;

interface Searched {
  readonly rowsPerSecond: number;
  readonly times: QueryTimes;
}

export async function run(options: { quick?: boolean }): Promise<BenchmarkResult> {
  const messages = options.quick === true ? MESSAGES / 20 : MESSAGES;
  const folder = mkdtempSync(join(tmpdir(), "hawser-search-"));
  try {
    const figures: Record<string, number> = {};
    const lines = [`${messages} messages in ${CONVERSATIONS} chats, ${QUERIES_OF_A_KIND} queries of a kind`];
    const add = (platform: string, { rowsPerSecond, times }: Searched): void => {
      figures[`${platform} p95`] = percentile(Object.values(times).flat(), 0.95);
      lines.push(`${platform}, filled at ${rowsPerSecond.toFixed(0)} rows/s`);
      for (const [kind, values] of Object.entries(times)) lines.push(line(kind, values));
    };
    add("Node", searchInNode(folder, messages));
    if (hasChromium()) add("Chromium", await searchInChromium(folder, messages));
    else lines.push(WITHOUT_CHROMIUM);
    return { figures, table: lines.join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function searchInNode(folder: string, messages: number): Searched {
  const database = openSqliteDatabase(join(folder, "client.db"));
  const store = openStore(database, nodePrimitives);
  const beganMs = performance.now();
  fillStore(store, { messages, conversations: CONVERSATIONS, textNumber });
  const rowsPerSecond = (messages * 1_000) / (performance.now() - beganMs);
  const times = searchTimes(store, searchQueries(QUERIES_OF_A_KIND, textNumber, seededRandom(1)));
  database.close();
  return { rowsPerSecond, times };
}

/** In a worker, over the storage of the web app: SQLite in WebAssembly on the origin private file system. */
async function searchInChromium(folder: string, messages: number): Promise<Searched> {
  const webRoot = join(folder, "site");
  mkdirSync(webRoot);
  await buildSite(webRoot, { withApp: false });
  const server = spawnProcess("server-process.ts");
  const context = await openChromium(join(folder, "chromium"));
  try {
    const url = await server.ask<string>("start", { dataDir: join(folder, "server"), webRoot });
    const tab = await BenchTab.open(context, url);
    return await tab.ask("fillAndSearch", { profile: "search", messages, conversations: CONVERSATIONS, queriesOfAKind: QUERIES_OF_A_KIND });
  } finally {
    await context.close();
    await server.stop();
  }
}

const line = (kind: string, times: readonly number[]): string =>
  `  ${kind.padEnd(34)}p50 ${percentile(times, 0.5).toFixed(2)} ms   p95 ${percentile(times, 0.95).toFixed(2)} ms   max ${Math.max(...times).toFixed(2)} ms`;
