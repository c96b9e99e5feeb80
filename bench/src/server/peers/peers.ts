/**
 * Prosody and ejabberd over PostgreSQL, measured in the same run with the same shapes: the ratios are what counts. Only when
 * asked for, and only what is installed; nothing is downloaded here.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Goal } from "../../benchmark.ts";
import type { ServerTable } from "../figures.ts";
import { type Generator, startGenerator } from "../processes.ts";
import { hasEjabberd, hasProsody, type PeerServer, startEjabberd, startProsody } from "./peer-servers.ts";

/** Judged only in runs that measured the peers. */
export const peerGoals: readonly Goal[] = [
  { name: "onlineToProsody", compare: ">=", value: 12, unit: "× Prosody" },
  { name: "onlineToEjabberd", compare: ">=", value: 35, unit: "× ejabberd + PostgreSQL" },
  { name: "threeDevicesToProsody", compare: ">=", value: 10, unit: "× Prosody" },
  { name: "threeDevicesToEjabberd", compare: ">=", value: 25, unit: "× ejabberd + PostgreSQL" },
  { name: "enqueueToBest", compare: ">=", value: 12, unit: "× the best peer" },
  { name: "drainToBest", compare: ">=", value: 8, unit: "× the best peer" },
  { name: "latencyP99ToBest", compare: "<=", value: 1, unit: "× the best peer's" },
  { name: "connectToBest", compare: ">=", value: 2, unit: "× the best peer" },
];

export const peersAsked = (options: { readonly peers?: boolean }): boolean => options.peers ?? process.env["HAWSER_BENCH_PEERS"] === "1";

interface Peer {
  readonly name: "Prosody" | "Ejabberd";
  readonly installed: () => boolean;
  readonly start: (folder: string) => Promise<PeerServer>;
  readonly remedy: string;
}

const PEERS: readonly Peer[] = [
  { name: "Prosody", installed: hasProsody, start: startProsody, remedy: "apt-get install prosody lua-event" },
  { name: "Ejabberd", installed: hasEjabberd, start: startEjabberd, remedy: "apt-get install ejabberd erlang-p1-pgsql postgresql" },
];

type Figures = Record<string, number>;

export async function measurePeers(figures: Figures, table: ServerTable, options: { readonly quick: boolean }): Promise<void> {
  for (const peer of PEERS) {
    if (!peer.installed()) {
      table.remark(`${peer.name} is not installed and was not measured (${peer.remedy}).`);
      continue;
    }
    const folder = mkdtempSync(join(tmpdir(), "hawser-peer-"));
    const generator = startGenerator("peers/peer-generator.ts");
    let server: PeerServer | undefined;
    try {
      server = await peer.start(folder);
      await measure(peer.name, server, generator, figures, options.quick);
    } finally {
      await generator.stop();
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  addRatios(figures);
  for (const { name } of PEERS) {
    table.row(`${name}: online 50 × 4, msg/s`, `online${name}`, 0);
    table.row(`${name}: 3 devices each side, msg/s`, `threeDevices${name}`, 0);
    table.row(`${name}: latency at half of that, p99 ms`, `latencyP99${name}`, 1);
    table.row(`${name}: messages for absent users, msg/s`, `enqueue${name}`, 0);
    table.row(`${name}: fetching them, msg/s`, `drain${name}`, 0);
    table.row(`${name}: idle session, KB`, `idleKb${name}`, 1);
    table.row(`${name}: connect and authenticate, per s`, `connect${name}`, 0);
  }
  for (const goal of peerGoals) table.row(`${goal.name}, ${goal.unit}`, goal.name, 2);
}

async function measure(name: string, server: PeerServer, generator: Generator, figures: Figures, quick: boolean): Promise<void> {
  const run = (scenario: "online" | "latency" | "offline" | "idle", options: object): Promise<Figures> =>
    generator.run({ name: scenario, context: { url: server.url }, options });
  const seconds = quick ? 1.5 : 4;
  const shape = { pairs: 50, window: 4, seconds, warmUpSeconds: 1 };
  const idleCount = quick ? 100 : 1_000;
  const online = await run("online", { ...shape, devices: 1 });
  figures[`online${name}`] = online["perSecond"]!;
  figures[`threeDevices${name}`] = (await run("online", { ...shape, devices: 3 }))["perSecond"]!;
  const latency = await run("latency", {
    pairs: 50,
    perSecond: Math.max(50, Math.round(online["perSecond"]! / 2)),
    seconds,
    warmUpSeconds: 1,
  });
  figures[`latencyP99${name}`] = latency["p99Ms"]!;
  const offline = await run("offline", { senders: 4, batch: 100, total: quick ? 1_000 : 10_000 });
  figures[`enqueue${name}`] = offline["enqueuePerSecond"]!;
  figures[`drain${name}`] = offline["drainPerSecond"]!;
  const before = server.memory();
  figures[`connect${name}`] = (await run("idle", { count: idleCount }))["perSecond"]!;
  figures[`idleKb${name}`] = (server.memory() - before) / 1_024 / idleCount;
}

function addRatios(figures: Figures): void {
  const best = (name: string, choose: (...values: number[]) => number): number => {
    const values = PEERS.map((peer) => figures[`${name}${peer.name}`]).filter((value) => value !== undefined);
    return values.length === 0 ? Number.NaN : choose(...values);
  };
  for (const { name } of PEERS) {
    figures[`onlineTo${name}`] = figures["online50x4PerSecond"]! / (figures[`online${name}`] ?? Number.NaN);
    figures[`threeDevicesTo${name}`] = figures["threeDevicesPerSecond"]! / (figures[`threeDevices${name}`] ?? Number.NaN);
  }
  figures["enqueueToBest"] = figures["enqueuePerSecond"]! / best("enqueue", Math.max);
  figures["drainToBest"] = figures["drainPerSecond"]! / best("drain", Math.max);
  figures["latencyP99ToBest"] = figures["latencyP99Ms"]! / best("latencyP99", Math.min);
  figures["connectToBest"] = figures["connectPerSecond"]! / best("connect", Math.max);
}
