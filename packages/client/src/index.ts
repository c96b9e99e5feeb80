/** One device of one account: the engine behind every Hawser application. */
export type * from "./api.ts";
export { createClient } from "./client.ts";
export type { ClientPorts, LogEvent } from "./ports.ts";
export { recoveryKdf } from "@hawser/crypto";
