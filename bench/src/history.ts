/**
 * The history of an account going to a new companion, for real: a phone process, a server process, a companion process or a
 * browser. Beside it, in the same run and on the same platform, the rate at which the same rows go from memory into the same schema.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import type { FirstScreen, HistoryTimes } from "./shared/device-watch.ts";
import { type Spawned, spawnProcess } from "./shared/spawn.ts";

export const goals: Goal[] = [
  { name: "Node, first screen", compare: "<=", value: 500, unit: "ms" },
  { name: "Node, history ÷ bare insert", compare: ">=", value: 0.6, unit: "×" },
];

const MESSAGES = 100_000;
const QUICK_MESSAGES = 10_000;
const CONVERSATIONS = 500;
/** Chats on a first screen. */
const SCREEN_CONVERSATIONS = 20;
const ROUNDS = 3;

interface Measured {
  readonly firstScreenMs: number;
  readonly rowsPerSecond: number;
  readonly bareRowsPerSecond: number;
}

export async function run(options: { quick?: boolean }): Promise<BenchmarkResult> {
  const messages = options.quick === true ? QUICK_MESSAGES : MESSAGES;
  const folder = mkdtempSync(join(tmpdir(), "hawser-history-"));
  const server = spawnProcess("server-process.ts");
  const phone = spawnProcess("device-process.ts");
  const node: Measured[] = [];
  try {
    const serverUrl = await server.ask<string>("start", { dataDir: join(folder, "server") });
    await phone.ask("phone", { profileDir: join(folder, "phone"), serverUrl }, "phone", messages, CONVERSATIONS);
    for (let round = 0; round < (options.quick === true ? 1 : ROUNDS); round++) {
      node.push(await nodeRound(phone, join(folder, `companion-${round}`), serverUrl, messages));
    }
  } finally {
    await phone.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(messages, { Node: node });
}

async function nodeRound(phone: Spawned, profileDir: string, serverUrl: string, messages: number): Promise<Measured> {
  const companion = spawnProcess("device-process.ts");
  try {
    const bareRowsPerSecond = await companion.ask<number>("bare", `${profileDir}-bare`, messages, CONVERSATIONS);
    const code = await companion.ask<string>("companion", { profileDir, serverUrl });
    await companion.ask("watchHistory", SCREEN_CONVERSATIONS);
    const approvedAtMs = await phone.ask<number>("approve", code);
    const screen = await companion.ask<FirstScreen>("firstScreen");
    const history = await companion.ask<HistoryTimes>("history");
    if (history.messages !== messages) throw new Error(`${history.messages} messages arrived, ${messages} were sent`);
    const firstScreenMs = screen.atMs - approvedAtMs;
    return { firstScreenMs, rowsPerSecond: (messages * 1_000) / (history.completeAtMs - approvedAtMs), bareRowsPerSecond };
  } finally {
    await companion.stop();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function report(messages: number, platforms: Readonly<Record<string, readonly Measured[]>>): BenchmarkResult {
  const figures: Record<string, number> = {};
  const lines = [`${messages} messages in ${CONVERSATIONS} chats; medians`];
  for (const [platform, rounds] of Object.entries(platforms)) {
    const firstScreenMs = median(rounds.map((round) => round.firstScreenMs));
    const rate = median(rounds.map((round) => round.rowsPerSecond));
    const bare = median(rounds.map((round) => round.bareRowsPerSecond));
    // Of each round by itself: both rates were measured within the same minute.
    const ratio = median(rounds.map((round) => round.rowsPerSecond / round.bareRowsPerSecond));
    figures[`${platform}, first screen`] = firstScreenMs;
    figures[`${platform}, history ÷ bare insert`] = ratio;
    figures[`${platform}, history (messages/s)`] = rate;
    figures[`${platform}, bare insert (rows/s)`] = bare;
    lines.push(
      `${platform.padEnd(10)} first screen ${firstScreenMs.toFixed(0)} ms   history ${rate.toFixed(0)} messages/s   bare insert ${bare.toFixed(0)} rows/s   ratio ${ratio.toFixed(2)}`,
    );
  }
  return { figures, table: lines.join("\n") };
}
