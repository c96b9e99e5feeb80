/** Hawser for Node: bots, bridges, terminals. */
export * from "../index.ts";
export { fileSourceOfPath } from "./file-source.node.ts";
export { describeNodePlatform, type NodeClientOptions, openNodeClient, proposedDeviceName } from "./open-node-client.node.ts";
