/** Placeholder removed below. */
import type { Goal } from "../../benchmark.ts";
import type { ServerTable } from "../figures.ts";
export const peerGoals: readonly Goal[] = [];
export const peersAsked = (options: { readonly peers?: boolean }): boolean => options.peers ?? process.env["HAWSER_BENCH_PEERS"] === "1";
export async function measurePeers(_f: Record<string, number>, _t: ServerTable, _o: { quick: boolean }): Promise<void> {}
