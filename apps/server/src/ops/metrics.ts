/** Metrics for Prometheus, one registry per server. Labels are words of this program, never something a client chose. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../gateway/index.ts";

export interface ServerMetrics extends Metrics {
  /** The text format of Prometheus. */
  expose(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    counter(name, help, label) {
      const counter = new Counter({ name, help, labelNames: label === undefined ? [] : [label], registers: [registry] });
      return {
        add: (amount, value) =>
          label === undefined || value === undefined ? counter.inc(amount) : counter.inc({ [label]: value }, amount),
      };
    },
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    },
    histogram(name, help, buckets) {
      const histogram = new Histogram({ name, help, buckets: [...buckets], registers: [registry] });
      return { observe: (value) => histogram.observe(value) };
    },
    expose: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
