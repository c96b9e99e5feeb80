/**
 * The server's own attempts, read off the counters that it keeps anyway: no hot path learns of outcomes. Each counter named here stands
 * for one attempt; its label is the code.
 */
import type { Counter, Metrics } from "../gateway/index.ts";

interface Meaning {
  readonly attempt: string;
  readonly stage: string;
}

/** Counters of the gateway, with a label by which a failure is named, or without one for success. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  hawser_authentications_total: { attempt: "admit", stage: "welcome" },
  hawser_goodbyes_total: { attempt: "admit", stage: "goodbye" },
  hawser_messages_acknowledged_total: { attempt: "store", stage: "commit" },
  hawser_messages_rejected_total: { attempt: "store", stage: "commit" },
};

export function observedMetrics(metrics: Metrics, ended: (attempt: string, stage: string, code: string, count: number) => void): Metrics {
  return {
    gauge: (name, help, read) => metrics.gauge(name, help, read),
    histogram: (name, help, buckets) => metrics.histogram(name, help, buckets),
    counter(name, help, label): Counter {
      const counter = metrics.counter(name, help, label);
      const meaning = MEANINGS[name];
      if (meaning === undefined) return counter;
      return {
        add(amount, value) {
          counter.add(amount, value);
          ended(meaning.attempt, meaning.stage, value ?? "OK", amount);
        },
      };
    },
  };
}
