/** The ground everything stands on: results, ids, bytes, and the ports to the world. Imports nothing. */
export * from "./bytes.ts";
export * from "./ids.ts";
export * from "./machine-table.ts";
export * from "./operational-error.ts";
export * from "./ports.ts";
export * from "./result.ts";
