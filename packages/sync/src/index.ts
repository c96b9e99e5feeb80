/** History as resumable jobs, and the state that one account's devices share. */
export * from "./archive-head.ts";
export type { HeadSigner } from "./archive-signature.ts";
export * from "./archive-writer.ts";
export * from "./bounds.ts";
export * from "./history-chunk.ts";
export * from "./history-rows.ts";
export * from "./history-sink.ts";
export * from "./history-source.ts";
export * from "./history-stages.ts";
export * from "./history-wish.ts";
export type { Step, StepContext } from "./machine.ts";
export * from "./state-digest.ts";
export * from "./state-log.ts";
export * from "./state-snapshot.ts";
