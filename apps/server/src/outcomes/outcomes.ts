/**
 * Outcomes on the server: its own and those that devices report, counted on /metrics and written to the stream from time to time.
 * Invariants: nothing enters but what stands in the catalogue; labels are bounded by it; a store that is away costs the stream rows, and
 * nobody else anything. docs/OUTCOMES.md, docs/OPERATIONS.md.
 */
import { PROGRAM_VERSION } from "@hawser/base/version";
import { type AccountId, type Clock, type DeviceNumber, OperationalError } from "@hawser/base";
import type { Caller } from "@hawser/relay";
import {
  ERROR_CODES,
  type ErrorName,
  isOutcome,
  isReportedOutcome,
  type OutcomeCount,
  type OutcomeRefused,
  OutcomeRefusedSchema,
  type OutcomeSegmentWords,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Log, Metrics } from "../gateway/index.ts";
import type { Task } from "../ops/housekeeping.ts";
import { type Neighbours, watchNeighbours } from "./neighbours.ts";
import { observedMetrics } from "./observed-metrics.ts";
import type { OutcomeStore } from "./outcome-store.ts";
import { OutcomeTally } from "./outcome-tally.ts";

export interface OutcomesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Throws while the role is not up. */
  store(): OutcomeStore;
}

export interface ServerOutcomes {
  /** For the gateway: counts what the given metrics count, and sees what it means. */
  readonly metrics: Metrics;
  readonly tasks: readonly Task[];
  answered(operation: string, failure: ErrorName | undefined): void;
  reported(caller: Caller, outcomes: readonly OutcomeCount[]): readonly OutcomeRefused[];
  watch(connected: (account: AccountId) => readonly DeviceNumber[]): Neighbours;
  /** Writes what is counted, if the store is there. */
  flush(): void;
}

const WRITE_EVERY_MS = 5_000;
const PRUNE_EVERY_MS = 600_000;
const QUARTER_MS = 900_000;
/** A stranger's word counts for so many attempts of a kind at most. */
export const MAX_ANONYMOUS_COUNT = 100;
const OWN_SEGMENT: OutcomeSegmentWords = { platform: "server", engine: "node", version: PROGRAM_VERSION, region: "other", transport: "other", flags: [], system: "other", route: "none" }; // prettier-ignore

export function createOutcomes({ clock, log, metrics, store }: OutcomesOptions): ServerOutcomes {
  const tally = new OutcomeTally();
  const counters = {
    server: metrics.counter("hawser_server_outcomes_total", "Attempts seen by this server, by how they ended", "outcome"),
    device: metrics.counter("hawser_device_outcomes_total", "Attempts reported by devices of accounts, by how they ended", "outcome"),
    anonymous: metrics.counter("hawser_anonymous_outcomes_total", "Attempts reported by connections without a device", "outcome"),
  };
  const links = metrics.counter("hawser_links_total", "Links reported by phones and companions, by system and how they ended", "link");
  const refused = metrics.counter("hawser_outcomes_refused_total", "Reported outcomes outside the catalogue");
  let isAway = false;

  const own = (attempt: string, stage: string, code: string, count: number): void => {
    const known = isOutcome("server", attempt, stage, code) ? code : "OTHER";
    counters.server.add(count, `${attempt} ${known}`);
    tally.add({ source: "server", attempt, stage, code: known, durationBucket: 0, segment: OWN_SEGMENT, count, atMs: clock.nowMs() });
  };

  const flush = (): void => {
    try {
      tally.drain((rows) => store().append(rows));
      isAway = false;
    } catch (error) {
      // Said once, not every five seconds.
      if (!isAway) log.warn("outcomes-not-written", { error: error instanceof OperationalError ? error.code : "store" });
      isAway = true;
    }
  };

  return {
    metrics: observedMetrics(metrics, own),
    tasks: [
      { name: "outcomes", everyMs: WRITE_EVERY_MS, run: flush },
      {
        name: "outcomes-retention",
        everyMs: PRUNE_EVERY_MS,
        run() {
          if (!isAway) store().prune(clock.nowMs());
        },
      },
    ],
    answered: (operation, failure) => own("serve", operation, failure ?? "OK", 1),
    reported(caller, outcomes) {
      const source = caller.address === undefined ? "anonymous" : "device";
      const refusals: OutcomeRefused[] = [];
      for (const [index, outcome] of outcomes.entries()) {
        const { attempt, stage, code, durationBucket, ageQuarters, segment } = outcome;
        if (segment === undefined || !isReportedOutcome(outcome)) {
          refused.add(1);
          refusals.push(create(OutcomeRefusedSchema, { index, error: ERROR_CODES.OUTCOME_UNKNOWN.code }));
          continue;
        }
        const count = source === "anonymous" ? Math.min(outcome.count, MAX_ANONYMOUS_COUNT) : outcome.count;
        counters[source].add(count, `${attempt} ${code}`);
        const { platform, engine, version, region, transport, flags } = segment;
        const words = {
          platform,
          engine,
          version,
          region,
          transport,
          flags: [...flags].sort(),
          system: segment.system || "other",
          route: segment.route || "other",
        };
        const link = linkLabel(attempt, code, words.system);
        if (link !== undefined && (source === "device" || attempt === "link-companion")) links.add(count, link);
        tally.add({ source, attempt, stage, code, durationBucket, segment: words, count, atMs: clock.nowMs() - ageQuarters * QUARTER_MS });
      }
      return refusals;
    },
    watch: (connected) =>
      watchNeighbours(clock, connected, (still, lost) => {
        if (still > 0) own("neighbour", "connected", "OK", still);
        if (lost > 0) own("neighbour", "connected", "LOST", lost);
      }),
    flush,
  };
}

/** Endings that a person chose. */
const STOPPED: readonly string[] = ["DECLINED", "CANCELLED"];

/** `phone ios OK`: of words, 36 at most. Phones are members, so nobody else speaks for them. */
function linkLabel(attempt: string, code: string, system: string): string | undefined {
  if (attempt !== "link-phone" && attempt !== "link-companion") return undefined;
  return `${attempt.slice("link-".length)} ${system} ${code === "OK" ? "OK" : STOPPED.includes(code) ? "stopped" : "failed"}`;
}
