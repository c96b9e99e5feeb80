/** Drivers for Node: clock, random, SQLite, sockets and HTTP behind the ports of `@hawser/base`. */
export * from "./http.node.ts";
export { nodePrimitives } from "./primitives.ts";
export * from "./sqlite.node.ts";
export * from "./storage-probe.node.ts";
export * from "./streaming-http.node.ts";
export * from "./system-clock.node.ts";
export * from "./verify-p256.node.ts";
export * from "./way-probes.node.ts";
export * from "./websocket-transport.node.ts";
