/**
 * The history of an account going to a new companion, for real: a phone process, a server process, a companion process or a
 * browser. Beside it, in the same run and on the same platform, the rate at which the same rows go from memory into the same schema.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { BenchTab } from "./browser/bench-page.ts";
import { hasChromium, openChromium, WITHOUT_CHROMIUM } from "./browser/chromium.ts";
import { buildSite, type Site } from "./browser/site.ts";
import type { FirstScreen, HistoryTimes } from "./shared/device-watch.ts";
import { type Spawned, spawnProcess } from "./shared/spawn.ts";

export const goals: Goal[] = [
  { name: "Node, first screen", compare: "<=", value: 500, unit: "ms" },
  { name: "Node, history ÷ bare insert", compare: ">=", value: 0.6, unit: "×" },
  { name: "Chromium, first screen", compare: "<=", value: 500, unit: "ms" },
  { name: "Chromium, history ÷ bare insert", compare: ">=", value: 0.6, unit: "×" },
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
  const platforms: Record<string, Measured[]> = { Node: [], ...(hasChromium() ? { Chromium: [] } : {}) };
  try {
    const webRoot = join(folder, "site");
    mkdirSync(webRoot);
    const site = hasChromium() ? await buildSite(webRoot, { withApp: true }) : undefined;
    const serverUrl = await server.ask<string>("start", { dataDir: join(folder, "server"), webRoot });
    await phone.ask("phone", { profileDir: join(folder, "phone"), serverUrl }, "phone", messages, CONVERSATIONS);
    for (let round = 0; round < (options.quick === true ? 1 : ROUNDS); round++) {
      for (const [platform, measured] of Object.entries(platforms)) {
        const profileDir = join(folder, `${platform}-${round}`);
        const place: Place = { site, phone, profileDir, serverUrl, messages };
        measured.push(await (platform === "Node" ? nodeRound(place) : chromiumRound(place)));
      }
    }
  } finally {
    await phone.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(messages, platforms);
}

/** A companion in either world: how it shows its code, and what it saw. */
interface Companion {
  code(): Promise<string>;
  watch(): Promise<unknown>;
  firstScreen(): Promise<FirstScreen>;
  history(): Promise<HistoryTimes>;
}

async function receive(phone: Spawned, companion: Companion, messages: number): Promise<Omit<Measured, "bareRowsPerSecond">> {
  const code = await companion.code();
  await companion.watch();
  const approvedAtMs = await phone.ask<number>("approve", code);
  const screen = await companion.firstScreen();
  const history = await companion.history();
  if (history.messages !== messages) throw new Error(`${history.messages} messages arrived, ${messages} were sent`);
  return { firstScreenMs: screen.atMs - approvedAtMs, rowsPerSecond: (messages * 1_000) / (history.completeAtMs - approvedAtMs) };
}

interface Place {
  readonly site: Site | undefined;
  readonly phone: Spawned;
  readonly profileDir: string;
  readonly serverUrl: string;
  readonly messages: number;
}

async function nodeRound({ phone, profileDir, serverUrl, messages }: Place): Promise<Measured> {
  const companion = spawnProcess("device-process.ts");
  try {
    const bareRowsPerSecond = await companion.ask<number>("bare", `${profileDir}-bare`, messages, CONVERSATIONS);
    const measured = await receive(
      phone,
      {
        code: () => companion.ask("companion", { profileDir, serverUrl }),
        watch: () => companion.ask("watchHistory", SCREEN_CONVERSATIONS),
        firstScreen: () => companion.ask("firstScreen"),
        history: () => companion.ask("history"),
      },
      messages,
    );
    return { ...measured, bareRowsPerSecond };
  } finally {
    await companion.stop();
  }
}

/** The engine of the built web app in its worker, called the way the app's page calls it. */
async function chromiumRound({ site, phone, profileDir, serverUrl, messages }: Place): Promise<Measured> {
  const context = await openChromium(profileDir);
  try {
    const tab = await BenchTab.open(context, serverUrl);
    const bareRowsPerSecond = await tab.ask("bare", { profile: "bare", messages, conversations: CONVERSATIONS });
    const measured = await receive(
      phone,
      {
        async code() {
          await tab.call("engine", site?.enginePath ?? "", "companion");
          return tab.call("code");
        },
        watch: () => tab.call("watchHistory", SCREEN_CONVERSATIONS),
        firstScreen: () => tab.call("firstScreen") as Promise<FirstScreen>,
        history: () => tab.call("history") as Promise<HistoryTimes>,
      },
      messages,
    );
    return { ...measured, bareRowsPerSecond };
  } finally {
    await context.close();
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
  if (!("Chromium" in platforms)) lines.push(WITHOUT_CHROMIUM);
  return { figures, table: lines.join("\n") };
}
