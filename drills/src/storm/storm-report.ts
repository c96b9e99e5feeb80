/** What the load's process is told, and what it tells at the end. Times are milliseconds of the wall's clock. */
export interface StormOptions {
  readonly url: string;
  /** Accounts that are made before anything begins; nobody links twice. */
  readonly people: number;
  readonly calmPerSecond: number;
  readonly calmMs: number;
  readonly stormPerSecond: number;
  readonly stormMs: number;
}

export interface StormReport {
  readonly linkedAtMs: number[];
  slowestWordMs: number;
  slowestLinkMs: number;
  /** Connections that heard that their device is revoked. */
  revoked: number;
  sentAway: number;
  started: number;
  readonly errors: Record<string, number>;
}

/** How many a second, on average from then until then. */
export const ratePerSecond = (timesMs: readonly number[], fromMs: number, untilMs: number): number =>
  (1_000 * timesMs.filter((atMs) => atMs >= fromMs && atMs < untilMs).length) / (untilMs - fromMs);

/** The most in any window of this length that begins with one of them. */
export function peakPerSecond(timesMs: readonly number[], windowMs: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const counts = sorted
    .map((fromMs, index) => sorted.slice(index).findIndex((atMs) => atMs >= fromMs + windowMs))
    .map((count, index) => (count < 0 ? sorted.length - index : count));
  return (1_000 * Math.max(0, ...counts)) / windowMs;
}
