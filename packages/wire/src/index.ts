/** What crosses the wire: schemas with generated codecs, hand-written hot frames, limits and error codes. */
export * from "./errors.ts";
export * from "./gen/hawser/v1/content_pb.ts";
export * from "./gen/hawser/v1/identity_pb.ts";
export * from "./gen/hawser/v1/link_pb.ts";
export * from "./gen/hawser/v1/rpc_pb.ts";
export * from "./limits.ts";
