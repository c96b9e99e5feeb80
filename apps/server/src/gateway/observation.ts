/** What the gateway needs to be seen by operators: a few metrics and a log, both narrow so that no user data fits in. */

export interface Counter {
  /** `label` is one of a fixed set of words, never something a client chose. */
  add(amount: number, label?: string): void;
}

export interface Histogram {
  observe(value: number): void;
}

export interface Metrics {
  /** `label` names the label whose values `add` gives. */
  counter(name: string, help: string, label?: string): Counter;
  /** Read when the metrics are collected. */
  gauge(name: string, help: string, read: () => number): void;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
}

/** Values of fields are numbers, booleans and words of this program; never ids, addresses or contents. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `cause` is an error of this program or of its store. */
  error(event: string, cause: unknown, fields?: LogFields): void;
}

export interface GatewayMetrics {
  readonly accepted: Counter;
  readonly rejected: Counter;
  readonly delivered: Counter;
  readonly goodbyes: Counter;
  readonly authenticated: Counter;
  /** Must stay 0. */
  readonly collateral: Counter;
  /** By what carries the frames. */
  readonly opened: Counter;
  readonly messagesPerCommit: Histogram;
}

export function gatewayMetrics(metrics: Metrics): GatewayMetrics {
  return {
    accepted: metrics.counter("hawser_messages_acknowledged_total", "Messages stored durably and acknowledged"),
    rejected: metrics.counter("hawser_messages_rejected_total", "Messages not stored, by error", "error"),
    delivered: metrics.counter("hawser_deliveries_total", "Copies handed to connected devices, repeated ones included"),
    goodbyes: metrics.counter("hawser_goodbyes_total", "Connections ended by the server, by error", "error"),
    collateral: metrics.counter(
      "hawser_collateral_signouts_total",
      "Devices told that they are revoked while their account's list names them: more than 0 is an alarm",
    ),
    authenticated: metrics.counter("hawser_authentications_total", "Devices that proved themselves"),
    opened: metrics.counter("hawser_connections_opened_total", "Connections opened, by what carries them", "carrier"),
    messagesPerCommit: metrics.histogram(
      "hawser_messages_per_commit",
      "Messages acknowledged by one commit",
      [1, 2, 5, 10, 20, 50, 100, 200, 500],
    ),
  };
}
