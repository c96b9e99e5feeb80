/** One device of one account: the engine behind every Hawser application. */
export type * from "./api.ts";
export type { IdentityVault } from "./account/vault.ts";
export { createClient } from "./client.ts";
export type { ClientPorts, LogEvent } from "./ports.ts";
export { flushedClient } from "./store/flushed-client.ts";
export { salvageStore } from "./store/salvage.ts";
export { recoveryKdf } from "@hawser/crypto";
