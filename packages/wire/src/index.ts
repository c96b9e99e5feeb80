/** What crosses the wire: schemas with generated codecs, hand-written hot frames, limits and error codes. */
export * from "./errors.ts";
export * from "./frame-error.ts";
export * from "./frames.ts";
export * from "./gen/hawser/v1/content_pb.js";
export * from "./gen/hawser/v1/identity_pb.js";
export * from "./gen/hawser/v1/link_pb.js";
export * from "./gen/hawser/v1/rpc_pb.js";
export * from "./hot-frames.ts";
export * from "./http/event-stream.ts";
export * from "./http/http-transport.ts";
export * from "./http/records.ts";
export * from "./limits.ts";
export { OUTCOME_ATTEMPTS } from "./outcomes/gen/catalogue.ts";
export * from "./outcomes/outcome-words.ts";
