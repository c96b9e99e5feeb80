/** Full-text search over a million messages, in the schema every client uses: what a person waits for a page of results. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { percentile, seededRandom, textNumber } from "./corpus.ts";
import { fillStore, openStore, type QueryKind, searchQueries, timeQueries } from "./shared/fill-store.ts";

export const goals: Goal[] = [{ name: "Node p95", compare: "<=", value: 50, unit: "ms" }];

const MESSAGES = 1_000_000;
const CONVERSATIONS = 500;
const QUERIES_OF_A_KIND = 200;

export async function run(options: { quick?: boolean }): Promise<BenchmarkResult> {
  const messages = options.quick === true ? MESSAGES / 20 : MESSAGES;
  const folder = mkdtempSync(join(tmpdir(), "hawser-search-"));
  try {
    const path = join(folder, "client.db");
    const database = openSqliteDatabase(path, { synchronous: "normal" });
    const store = openStore(database, nodePrimitives);
    const began = performance.now();
    fillStore(store, { messages, conversations: CONVERSATIONS, textNumber });
    const fillSeconds = (performance.now() - began) / 1_000;
    const queries = searchQueries(QUERIES_OF_A_KIND, textNumber, seededRandom(1));
    const lines = [
      `${messages} messages in ${CONVERSATIONS} chats, ${(statSync(path).size / 1e6).toFixed(0)} MB, filled at ${(messages / fillSeconds).toFixed(0)} rows/s`,
    ];
    const all: number[] = [];
    for (const kind of Object.keys(queries) as QueryKind[]) {
      for (const [where, conversation] of [
        ["everywhere", undefined],
        ["in one chat", 7],
      ] as const) {
        const times = timeQueries(store, queries[kind], conversation, () => performance.now());
        all.push(...times);
        lines.push(
          `${kind}, ${where}`.padEnd(34) +
            `p50 ${percentile(times, 0.5).toFixed(2)} ms   p95 ${percentile(times, 0.95).toFixed(2)} ms   max ${Math.max(...times).toFixed(2)} ms`,
        );
      }
    }
    database.close();
    return { figures: { "Node p95": percentile(all, 0.95) }, table: lines.join("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
