/** A client in a worker, used from pages: `serveWorkerClient` there, `connectWorkerClient` here. Runs in browsers and in Node. */
export { connectWorkerClient } from "./connect.ts";
export { fileSourceOf, fileSourceOfBytes } from "./file-source.ts";
export type { PortLike } from "./protocol.ts";
export { serveWorkerClient } from "./serve.ts";
