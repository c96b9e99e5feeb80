/**
 * Outcomes of this device: observed, counted, kept, reported when there is a connection of any kind. Invariants: nothing of it can
 * disturb anything else (a full disk or an old server costs outcomes, never messages); with the setting off nothing is kept.
 */
import { create } from "@bufbuild/protobuf";
import { OperationalError } from "@hawser/base";
import {
  isOutcome,
  MAX_OUTCOMES_PER_REPORT,
  OutcomeCountSchema,
  OutcomeSegmentSchema,
  type OutcomeSegmentWords,
  segmentVersion,
  segmentWord,
} from "@hawser/wire";
import { OUTCOME_REPORT_EVERY_MS, OUTCOMES_SAVED_AFTER_MS } from "../bounds.ts";
import type { Connection } from "../connection/connection.ts";
import { isTransient } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { createOutcomeObserver, type OutcomeObserver } from "./observer.ts";
import { ageQuarters, type CountedOutcome, countOutcome, type Outcome, withoutOld, withoutReported } from "./tally.ts";

const SAVED = "outcomes";

export interface Outcomes {
  readonly observer: OutcomeObserver;
  /** A connection was welcomed: what waits may go. */
  connected(): void;
  /** The setting was changed, or this device was wiped or revoked: what is kept is forgotten. */
  forget(): void;
  stop(): void;
}

type OutcomesCore = Pick<Core, "ports" | "store" | "identity">;

/** `linkOf` because outcomes are observed before there is a connection. */
export function createOutcomes(
  { ports, store, identity }: OutcomesCore,
  linkOf: () => Pick<Connection, "request" | "online" | "status">,
): Outcomes {
  let kept: readonly CountedOutcome[] = store.kv.getJson<CountedOutcome[]>(SAVED) ?? [];
  let cancelSave: (() => void) | undefined;
  let cancelReport: (() => void) | undefined;
  let lastReportMs = -OUTCOME_REPORT_EVERY_MS;
  /** This server does not take them; another one, or a newer one, may. */
  let unwanted = false;
  let stopped = false;

  const isOn = (): boolean => identity.settings().reportOutcomes && identity.phase() !== "revoked";

  /** What carries frames now; what is tried first where nothing does. */
  const carrier = (): string => {
    const status = linkOf().status();
    return status.kind === "online" ? status.transport : ports.transport.kind;
  };

  const segment = (route = "none"): OutcomeSegmentWords => ({
    platform: segmentWord("platform", ports.platform.kind),
    engine: segmentWord("engine", ports.platform.engine ?? "other"),
    version: segmentVersion(ports.platform.version),
    region: segmentWord("region", ports.platform.region ?? "other"),
    transport: segmentWord("transport", carrier()),
    flags: ports.storage.durable ? [] : ["fragile-storage"],
    system: segmentWord("system", ports.platform.system ?? "other"),
    route: segmentWord("route", route),
  });

  const ended = (outcome: Outcome): void => {
    if (stopped || !isOn()) return;
    const known = isOutcome("device", outcome.attempt, outcome.stage, outcome.code);
    kept = countOutcome(kept, known ? outcome : { ...outcome, code: "OTHER" }, segment(outcome.route), ports.clock.nowMs());
    cancelSave ??= ports.clock.after(OUTCOMES_SAVED_AFTER_MS, save);
    schedule();
  };

  const save = (): void => {
    cancelSave?.();
    cancelSave = undefined;
    if (!isOn()) return forget();
    try {
      if (kept.length === 0) store.kv.delete(SAVED);
      else store.kv.setJson(SAVED, kept);
    } catch {
      // A full disk has other sorrows.
    }
  };

  const forget = (): void => {
    cancelSave?.();
    cancelSave = undefined;
    kept = [];
    // What a revoked device keeps is the reason alone, and that is written already.
    if (identity.phase() !== "revoked") store.kv.delete(SAVED);
  };

  const schedule = (waitMs = 0): void => {
    if (stopped || unwanted || !linkOf().online || kept.length === 0 || cancelReport !== undefined) return;
    const sinceMs = ports.clock.monotonicMs() - lastReportMs;
    const delayMs = Math.max(OUTCOMES_SAVED_AFTER_MS, OUTCOME_REPORT_EVERY_MS - sinceMs, waitMs);
    cancelReport = ports.clock.after(delayMs, () => {
      cancelReport = undefined;
      void report();
    });
  };

  const report = async (): Promise<void> => {
    const nowMs = ports.clock.nowMs();
    kept = withoutOld(kept, nowMs);
    if (stopped || !linkOf().online || !isOn() || kept.length === 0) return;
    const batch = kept.slice(0, MAX_OUTCOMES_PER_REPORT);
    lastReportMs = ports.clock.monotonicMs();
    let waitMs = 0;
    try {
      await linkOf().request("reportOutcomes", { outcomes: batch.map((each) => toWire(each, nowMs)) });
      if (stopped) return;
      // What the server refused is gone as well: it would refuse it again.
      kept = withoutReported(kept, batch);
      save();
    } catch (error) {
      if (error instanceof OperationalError && typeof error.retry === "object") waitMs = error.retry.afterMs;
      if (!isTransient(error)) unwanted = true;
    }
    schedule(waitMs);
  };

  return {
    observer: createOutcomeObserver(ports.clock, ended),
    connected() {
      unwanted = false;
      // Switched off on another device.
      if (kept.length > 0 && !isOn()) forget();
      schedule();
    },
    forget,
    stop() {
      if (cancelSave !== undefined) save();
      stopped = true;
      cancelReport?.();
    },
  };
}

const toWire = (counted: CountedOutcome, nowMs: number) => {
  const { attempt, stage, code, bucket, count, segment } = counted;
  return create(OutcomeCountSchema, {
    attempt,
    stage,
    code,
    durationBucket: bucket,
    count,
    ageQuarters: ageQuarters(counted, nowMs),
    segment: create(OutcomeSegmentSchema, { ...segment, flags: [...segment.flags] }),
  });
};
