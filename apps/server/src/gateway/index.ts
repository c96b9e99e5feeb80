/** The gateway: see `gateway.ts`. */
export * from "./gateway.ts";
export { type CarrierKind, type FrameSocket, SOCKET_OPEN, type SocketListener } from "./frame-socket.ts";
export { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "./gateway-limits.ts";
export type { Counter, Histogram, Log, LogFields, Metrics } from "./observation.ts";
