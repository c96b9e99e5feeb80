/** The browser's side of the ports: storage, transport, plain requests, clock, random, and which tab runs the engine. */
export * from "./broadcast-port.ts";
export * from "./fetch-http.ts";
export { openIdentityVault, type WebVault } from "./identity-vault.ts";
export * from "./flushed-transport.ts";
export * from "./leadership.ts";
export * from "./open-storage.ts";
export { loadSqlite } from "./sqlite-module.ts";
export * from "./storage-heartbeat.ts";
export * from "./storage-probe.ts";
export * from "./streaming-http.ts";
export * from "./verify-p256.ts";
export * from "./way-probes.ts";
export * from "./web-clock.ts";
export * from "./websocket-transport.ts";
