/** What was learned about networks, as a value. Invariant: bounded, and nothing in it is for ever: every block ends by itself. */
import type { Block, TransportKind, TransportMemory } from "./transport-types.ts";
import { TRANSPORT_KINDS } from "./transport-types.ts";

const FIRST_BLOCK_MS = 10 * 60_000;
const MAX_BLOCK_MS = 6 * 3_600_000;
const MAX_NETWORKS = 16;
const MAX_NETWORK_NAME_LENGTH = 100;

const blocksOf = (memory: TransportMemory, network: string): readonly Block[] =>
  memory.find((entry) => entry.network === network)?.blocks ?? [];

/** The block in force; a clock that was set back must not make one last for years. */
export function blockOf(memory: TransportMemory, network: string, kind: TransportKind, nowMs: number): Block | undefined {
  const block = blocksOf(memory, network).find((one) => one.kind === kind);
  return block !== undefined && block.untilMs > nowMs && block.untilMs <= nowMs + MAX_BLOCK_MS ? block : undefined;
}

export function withBlock(memory: TransportMemory, network: string, kind: TransportKind, nowMs: number): TransportMemory {
  const times = (blocksOf(memory, network).find((one) => one.kind === kind)?.times ?? 0) + 1;
  const untilMs = nowMs + Math.min(MAX_BLOCK_MS, FIRST_BLOCK_MS * 2 ** Math.min(times - 1, 10));
  const others = blocksOf(memory, network).filter((one) => one.kind !== kind);
  return withBlocks(memory, network, [...others, { kind, untilMs, times }]);
}

export function withoutBlock(memory: TransportMemory, network: string, kind: TransportKind): TransportMemory {
  const blocks = blocksOf(memory, network);
  return blocks.some((one) => one.kind === kind)
    ? withBlocks(
        memory,
        network,
        blocks.filter((one) => one.kind !== kind),
      )
    : memory;
}

export function withoutNetwork(memory: TransportMemory, network: string): TransportMemory {
  return blocksOf(memory, network).length > 0 ? withBlocks(memory, network, []) : memory;
}

/** The newest network stands last. */
function withBlocks(memory: TransportMemory, network: string, blocks: readonly Block[]): TransportMemory {
  const others = memory.filter((entry) => entry.network !== network).slice(1 - MAX_NETWORKS);
  return blocks.length === 0 ? others : [...others, { network: network.slice(0, MAX_NETWORK_NAME_LENGTH), blocks }];
}

/** Parses what was kept; whatever does not look like a memory is forgotten. */
export function parseTransportMemory(value: unknown): TransportMemory {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(-MAX_NETWORKS).filter(isEntry);
}

function isEntry(value: unknown): value is TransportMemory[number] {
  const { network, blocks } = (value ?? {}) as { network?: unknown; blocks?: unknown };
  return typeof network === "string" && Array.isArray(blocks) && blocks.length <= TRANSPORT_KINDS.length && blocks.every(isBlock);
}

function isBlock(value: unknown): value is Block {
  const { kind, untilMs, times } = (value ?? {}) as { kind?: unknown; untilMs?: unknown; times?: unknown };
  return TRANSPORT_KINDS.some((known) => known === kind) && Number.isSafeInteger(untilMs) && Number.isSafeInteger(times);
}
