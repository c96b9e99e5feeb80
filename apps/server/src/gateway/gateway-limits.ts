/** Bounds of the gateway. Defaults are generous to people and firm to floods; all can be configured. */

export interface GatewayLimits {
  readonly maxConnections: number;
  /** Connections that have not said who they are yet. */
  readonly maxUnidentified: number;
  /** Connections without a device: registration and linking. */
  readonly maxAnonymous: number;
  readonly maxConnectionsPerAddress: number;
  readonly helloDeadlineMs: number;
  readonly anonymousLifetimeMs: number;
  /** Nothing heard for so long: the server asks by a ping. */
  readonly pingAfterMs: number;
  /** Nothing heard for so long, pings included: the connection is dead. */
  readonly deadAfterMs: number;
  /** A device that takes nothing for so long is disconnected; its messages wait. */
  readonly stalledAfterMs: number;
  /** Token buckets for SEND: how many at once, and how many a second after that. */
  readonly sendBurstPerConnection: number;
  readonly sendsPerSecondPerConnection: number;
  readonly sendBurstPerAccount: number;
  readonly sendsPerSecondPerAccount: number;
  /** What may wait in a mailbox before the share of each sending account in it is counted. */
  readonly backlogFreeMessages: number;
  readonly backlogFreeBytes: number;
  /** Bytes that one account may add to another's backlog, and how fast that share grows back. */
  readonly backlogShareBytes: number;
  readonly backlogShareBytesPerSecond: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  maxConnections: 100_000,
  maxUnidentified: 2_000,
  maxAnonymous: 5_000,
  maxConnectionsPerAddress: 10_000,
  helloDeadlineMs: 10_000,
  anonymousLifetimeMs: 1_800_000,
  pingAfterMs: 30_000,
  deadAfterMs: 75_000,
  stalledAfterMs: 60_000,
  sendBurstPerConnection: 5_000,
  sendsPerSecondPerConnection: 500,
  sendBurstPerAccount: 10_000,
  sendsPerSecondPerAccount: 1_000,
  backlogFreeMessages: 1_000,
  backlogFreeBytes: 8 * 1_048_576,
  backlogShareBytes: 16 * 1_048_576,
  backlogShareBytesPerSecond: 1_024,
};

/** A BATCH is filled up to this size, then others have their turn. */
export const SLICE_BYTES = 65_536;
/** With more than this on its way to a device, delivery pauses until it has left this process. */
export const PAUSE_ABOVE_BYTES = 262_144;
/** Answers and pushes that a device does not take: beyond this it is disconnected. */
export const MAX_BUFFERED_BYTES = 4 * 1_048_576;
/** After a Goodbye, how long the peer has to close before the socket is torn down. */
export const CLOSE_GRACE_MS = 5_000;
export const SWEEP_EVERY_MS = 1_000;
/** Living connections are looked at in every so many-th sweep. */
export const SWEEPS_PER_LIVENESS_CHECK = 5;
/** Reconnections after a shutdown are spread over this time. */
export const RECONNECT_SPREAD_MS = 10_000;
export const RECONNECT_MIN_MS = 500;
export const MAX_CACHED_ACCOUNT_NAMES = 65_536;
