/** The gateway: see `gateway.ts`. */
export * from "./gateway.ts";
export { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "./gateway-limits.ts";
export type { Counter, Histogram, Log, LogFields, Metrics } from "./observation.ts";
