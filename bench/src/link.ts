/**
 * From the moment a person confirms on the phone until the new companion may write: terminal clients in processes of their own, a
 * real server, loopback. An account with few conversations and one with 5,000 take turns, so that a noisy machine is noisy for both.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountId } from "@hawser/base";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { percentile } from "./corpus.ts";
import type { FirstMessage } from "./shared/device-watch.ts";
import { type Spawned, spawnProcess } from "./shared/spawn.ts";

export const goals: Goal[] = [
  { name: "approval → may write p50", compare: "<=", value: 150, unit: "ms" },
  { name: "approval → may write p99", compare: "<=", value: 500, unit: "ms" },
  { name: "p50 with 5,000 conversations ÷ with few", compare: "<=", value: 1.1, unit: "×" },
];

const ROUNDS = 50;
const QUICK_ROUNDS = 4;
/** Companions of one account before the next account is made; the server allows ten. */
const LINKS_PER_ACCOUNT = 8;
const ACCOUNTS = {
  few: { conversations: 10, messages: 20 },
  many: { conversations: 5_000, messages: 10_000 },
} as const;
type Size = keyof typeof ACCOUNTS;

interface Round {
  readonly mayWriteMs: number;
  readonly acceptedMs: number;
}

export async function run(options: { quick?: boolean }): Promise<BenchmarkResult> {
  const folder = mkdtempSync(join(tmpdir(), "hawser-link-"));
  const server = spawnProcess("server-process.ts");
  const peer = spawnProcess("device-process.ts");
  const phones: Partial<Record<Size, Phone>> = {};
  const rounds: Record<Size, Round[]> = { few: [], many: [] };
  try {
    const serverUrl = await server.ask<string>("start", { dataDir: join(folder, "server") });
    const peerAccount = await peer.ask<AccountId>("phone", { profileDir: join(folder, "peer"), serverUrl }, "peer", 0, 0);
    for (let round = 0; round <= (options.quick === true ? QUICK_ROUNDS : ROUNDS); round++) {
      // Which of the two is first changes as well: the one after inherits warm caches.
      for (const size of round % 2 === 0 ? (["few", "many"] as const) : (["many", "few"] as const)) {
        if (round % LINKS_PER_ACCOUNT === 0) {
          await phones[size]?.process.stop();
          phones[size] = await newPhone(folder, serverUrl, size, round);
        }
        const measured = await linkOnce(phones[size]!, join(folder, `companion-${size}-${round}`), serverUrl, peerAccount);
        // Round 0 warms up.
        if (round > 0) rounds[size].push(measured);
      }
    }
  } finally {
    await Promise.all([...Object.values(phones).map((phone) => phone.process.stop()), peer.stop()]);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report(rounds);
}

interface Phone {
  readonly process: Spawned;
}

async function newPhone(folder: string, serverUrl: string, size: Size, number: number): Promise<Phone> {
  const phone = spawnProcess("device-process.ts");
  const { messages, conversations } = ACCOUNTS[size];
  await phone.ask("phone", { profileDir: join(folder, `phone-${size}-${number}`), serverUrl }, `${size}${number}`, messages, conversations);
  return { process: phone };
}

/** A fresh process and profile each time, as when a person sits down at another computer; the history is waited for, not measured. */
async function linkOnce(phone: Phone, profileDir: string, serverUrl: string, to: AccountId): Promise<Round> {
  const companion = spawnProcess("device-process.ts");
  try {
    const code = await companion.ask<string>("companion", { profileDir, serverUrl });
    await companion.ask("watchHistory", 1);
    const first = companion.ask<FirstMessage>("firstMessage", to);
    const approvedAtMs = await phone.process.ask<number>("approve", code);
    const { mayWriteAtMs, acceptedAtMs } = await first;
    await companion.ask("history");
    return { mayWriteMs: mayWriteAtMs - approvedAtMs, acceptedMs: acceptedAtMs - approvedAtMs };
  } finally {
    await companion.stop();
  }
}

function report(rounds: Record<Size, readonly Round[]>): BenchmarkResult {
  const of = (size: Size, what: keyof Round, p: number): number => percentile(rounds[size].map((round) => round[what]), p); // prettier-ignore
  const figures: Record<string, number> = {
    "approval → may write p50": of("few", "mayWriteMs", 0.5),
    "approval → may write p99": of("few", "mayWriteMs", 0.99),
    "p50 with 5,000 conversations ÷ with few": of("many", "mayWriteMs", 0.5) / of("few", "mayWriteMs", 0.5),
    "with 5,000 conversations p50 (ms)": of("many", "mayWriteMs", 0.5),
    "with 5,000 conversations p99 (ms)": of("many", "mayWriteMs", 0.99),
    "approval → first message accepted p50 (ms)": of("few", "acceptedMs", 0.5),
    "approval → first message accepted p99 (ms)": of("few", "acceptedMs", 0.99),
    "with 5,000 conversations, accepted p50 (ms)": of("many", "acceptedMs", 0.5),
  };
  const line = (title: string, size: Size, what: keyof Round): string => {
    const cells = [0.5, 0.9, 0.99].map((p) => `p${p * 100} ${of(size, what, p).toFixed(0)} ms`.padEnd(14));
    return `${title.padEnd(46)}${cells.join("")}`;
  };
  const table = [
    `${rounds.few.length} links of each account, taking turns`,
    line("may write, 10 conversations", "few", "mayWriteMs"),
    line("may write, 5,000 conversations", "many", "mayWriteMs"),
    line("first message accepted, 10 conversations", "few", "acceptedMs"),
    line("first message accepted, 5,000 conversations", "many", "acceptedMs"),
  ].join("\n");
  return { figures, table };
}
