/**
 * The server under load, beside the limit of its transport in the same run, and with `peers` beside Prosody and ejabberd.
 * Server on one core, generator on the other. Bodies are random bytes of ordinary sizes. Absolute figures of a shared
 * machine say little: the ratios of one run count. docs/BENCHMARKS.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { syncMilliseconds } from "./server/disk.ts";
import { median, ServerTable } from "./server/figures.ts";
import { measurePeers, peerGoals, peersAsked } from "./server/peers/peers.ts";
import { canPin, type Generator, startGenerator, startTarget, type Target } from "./server/processes.ts";
import type { ScenarioName } from "./server/generator.ts";

/** Judged in every run. Those that need a peer join them when peers were measured. */
export const goals: Goal[] = [
  { name: "online50x4ToEcho", compare: ">=", value: 0.35, unit: "× ws echo" },
  { name: "online200x1ToEcho", compare: ">=", value: 0.25, unit: "× ws echo" },
  { name: "latencyP99Ms", compare: "<=", value: 5.3, unit: "ms" },
  { name: "drainFirstMs", compare: "<=", value: 20, unit: "ms" },
  { name: "idleKbPerSession", compare: "<=", value: 10, unit: "KB" },
  { name: "commitsPerMessage", compare: "<=", value: 0.05, unit: "" },
  { name: "lost", compare: "<=", value: 0, unit: "messages" },
];

const ROUNDS = 3;
const PAIRS = 50;
const LOAD_PER_SECOND = 2_000;
const DRAIN_MESSAGES = 10_000;
const DRAINED_DEVICES = 4;
const IDLE_SESSIONS = 5_000;
const WARM_SESSIONS = 200;
const SETTLE_MS = 3_000;

interface Scale {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly drain: number;
  readonly idle: number;
}

const FULL: Scale = { rounds: ROUNDS, seconds: 4, warmUpSeconds: 1, drain: DRAIN_MESSAGES, idle: IDLE_SESSIONS };
const QUICK: Scale = { rounds: 1, seconds: 1, warmUpSeconds: 0.3, drain: 2_000, idle: 500 };

class Bench {
  readonly scale: Scale;
  readonly folder = mkdtempSync(join(tmpdir(), "hawser-bench-"));
  readonly generator: Generator = startGenerator();
  readonly figures: Record<string, number> = { lost: 0 };
  #targets = 0;

  constructor(scale: Scale) {
    this.scale = scale;
  }

  async with<T>(
    devicesPerAccount: number,
    accounts: number,
    body: (run: Run, target: Target) => Promise<T>,
    flags: readonly string[] = [],
  ): Promise<T> {
    const dataDir = join(this.folder, `data-${this.#targets++}`);
    const target = await startTarget("target.ts", { dataDir, accounts, devicesPerAccount }, flags);
    try {
      return await body(
        (name, options) => this.generator.run({ name, context: { port: target.port, devicesPerAccount }, options }),
        target,
      );
    } finally {
      await target.stop();
      rmSync(dataDir, { recursive: true });
    }
  }

  lost(result: Record<string, number>): void {
    this.figures["lost"]! +=
      (result["missing"] ?? 0) + (result["unacknowledged"] ?? 0) + (result["faults"] ?? 0) + (result["repeated"] ?? 0);
  }

  async end(): Promise<void> {
    await this.generator.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

type Run = (name: ScenarioName, options: object) => Promise<Record<string, number>>;

/** Closed loops, each next to the echo of the same shape, in turns: the machine drifts within minutes. */
async function measureOnline(bench: Bench): Promise<void> {
  const { rounds, seconds, warmUpSeconds } = bench.scale;
  const echoServer = await startTarget("echo-server.ts", {});
  const echo = (connections: number, window: number): Promise<Record<string, number>> =>
    bench.generator.run({
      name: "echo",
      context: { port: echoServer.port, devicesPerAccount: 1 },
      options: { connections, window, sizeBytes: 400, seconds: seconds / 2 },
    });
  const results: Record<string, number[]> = {};
  const note = (name: string, value: number): void => void (results[name] ??= []).push(value);
  await bench.with(1, 400, async (run, target) => {
    for (let round = 0; round < rounds; round++) {
      for (const [name, pairs, window] of [
        ["50x4", PAIRS, 4],
        ["200x1", 200, 1],
      ] as const) {
        const limit = await echo(pairs, window);
        const ours = await run("online", { pairs, window, seconds, warmUpSeconds });
        bench.lost(ours);
        note(`echo${name}PerSecond`, limit["perSecond"]!);
        note(`online${name}PerSecond`, ours["perSecond"]!);
        note(`online${name}ToEcho`, ours["perSecond"]! / limit["perSecond"]!);
        if (name === "50x4") note("commitsPerMessage", await commitsPerMessage(target));
      }
    }
  });
  await echoServer.stop();
  for (const [name, values] of Object.entries(results)) bench.figures[name] = median(values);
}

/** Commits of the log by messages acknowledged, since the server started. */
async function commitsPerMessage(target: Target): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${target.port}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  return value("hawser_messages_per_commit_count") / value("hawser_messages_acknowledged_total");
}

async function measureThreeDevices(bench: Bench): Promise<void> {
  const { seconds, warmUpSeconds, rounds } = bench.scale;
  await bench.with(3, 2 * PAIRS, async (run) => {
    const [perSecond, copies]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const result = await run("online", { pairs: PAIRS, window: 4, seconds, warmUpSeconds });
      bench.lost(result);
      perSecond.push(result["perSecond"]!);
      copies.push(result["copiesPerSecond"]!);
    }
    bench.figures["threeDevicesPerSecond"] = median(perSecond);
    bench.figures["threeDevicesCopiesPerSecond"] = median(copies);
    const latency = await run("latency", { pairs: PAIRS, perSecond: LOAD_PER_SECOND, seconds, warmUpSeconds });
    bench.lost(latency);
    bench.figures["threeDevicesP99Ms"] = latency["p99Ms"]!;
  });
}

/** Latency under an ordinary load, alone and while somebody fetches a full mailbox; and messages for those who are away. */
async function measureLatencyAndOffline(bench: Bench): Promise<void> {
  const { seconds, warmUpSeconds, rounds, drain } = bench.scale;
  await bench.with(1, 2 * PAIRS + DRAINED_DEVICES, async (run) => {
    const load = { pairs: PAIRS, perSecond: LOAD_PER_SECOND, seconds, warmUpSeconds };
    const results: Record<string, number>[] = [];
    for (let round = 0; round < rounds; round++) results.push(await run("latency", load));
    for (const result of results) bench.lost(result);
    bench.figures["latencyP50Ms"] = median(results.map((result) => result["p50Ms"]!));
    bench.figures["latencyP99Ms"] = median(results.map((result) => result["p99Ms"]!));
    const enqueue = await run("enqueue", {
      senders: 4,
      window: 100,
      recipients: DRAINED_DEVICES,
      firstRecipient: 2 * PAIRS,
      total: DRAINED_DEVICES * drain,
    });
    bench.lost(enqueue);
    bench.figures["enqueuePerSecond"] = enqueue["perSecond"]!;
    const drains: Record<string, number>[] = [];
    for (let i = 0; i < DRAINED_DEVICES - 1; i++) drains.push(await run("drain", { account: 2 * PAIRS + i, expected: drain }));
    for (const result of drains) bench.lost(result);
    bench.figures["drainPerSecond"] = median(drains.map((result) => result["perSecond"]!));
    bench.figures["drainFirstMs"] = median(drains.map((result) => result["firstMs"]!));
    const both = await run("drainUnderLoad", { ...load, account: 2 * PAIRS + DRAINED_DEVICES - 1, expected: drain });
    bench.lost(both);
    bench.figures["latencyP99WhileDrainingMs"] = both["p99Ms"]!;
  });
}

async function measureIdle(bench: Bench): Promise<void> {
  const { idle } = bench.scale;
  const measure = async (hasWorked: boolean): Promise<{ kb: number; perSecond: number }> =>
    bench.with(
      1,
      WARM_SESSIONS + idle,
      async (run, target) => {
        // A young heap grows with the work it does, once, up to its size: that is not the price of a session.
        if (hasWorked) bench.lost(await run("online", { pairs: PAIRS, window: 4, seconds: bench.scale.seconds, warmUpSeconds: 0 }));
        // The first connections load code; what they leave behind is not the price of a session either.
        await run("idle", { count: WARM_SESSIONS, firstAccount: idle });
        await sleep(SETTLE_MS);
        const before = await target.ask<{ rssBytes: number; connections: number }>("memory");
        const { perSecond } = await run("idle", { count: idle, firstAccount: 0 });
        await sleep(SETTLE_MS);
        const after = await target.ask<{ rssBytes: number; connections: number }>("memory");
        await run("release", {});
        return { kb: (after.rssBytes - before.rssBytes) / 1_024 / (after.connections - before.connections), perSecond: perSecond! };
      },
      ["--expose-gc"],
    );
  const worked = await measure(true);
  bench.figures["idleKbPerSession"] = worked.kb;
  bench.figures["connectPerSecond"] = worked.perSecond;
  bench.figures["idleKbPerSessionFreshServer"] = (await measure(false)).kb;
}

export async function run(options: { readonly quick?: boolean; readonly peers?: boolean }): Promise<BenchmarkResult> {
  const bench = new Bench(options.quick === true ? QUICK : FULL);
  try {
    bench.figures["syncMs"] = syncMilliseconds(bench.folder);
    await measureOnline(bench);
    await measureThreeDevices(bench);
    await measureLatencyAndOffline(bench);
    await measureIdle(bench);
    const table = new ServerTable(bench.figures);
    if (!canPin()) table.remark("One core, or no taskset: server and generator shared what there was.");
    if (peersAsked(options)) {
      await measurePeers(bench.figures, table, { quick: options.quick === true });
      for (const goal of peerGoals) if (!goals.includes(goal)) goals.push(goal);
    } else {
      table.remark("Peers were not asked for (HAWSER_BENCH_PEERS=1; installs nothing, needs Debian's prosody and ejabberd).");
    }
    return { figures: bench.figures, table: table.render() };
  } finally {
    await bench.end();
  }
}
