/**
 * Sees the machines' steps and says how attempts ended. Invariant: an attempt that began here ends in exactly one outcome; nothing is
 * decided here and no machine knows of it. An attempt that a restart of the program interrupted goes on as one that began at the restart.
 */
import { messageIdTimeMs, OperationalError } from "@hawser/base";
import type { CompanionState, PhoneState } from "@hawser/linking";
import type { SessionState } from "@hawser/session";
import { type SinkStage, sinkStage, type SinkState, type SourceStage, sourceStage, type SourceState } from "@hawser/sync";
import type { OutboxRow } from "../store/outbox.ts";
import {
  type Attempt,
  type AttemptMap,
  COMPANION_ATTEMPTS,
  companionCode,
  type DeliverStage,
  PHONE_ATTEMPTS,
  phoneCode,
  SESSION_ATTEMPTS,
  sessionCode,
  SINK_ATTEMPTS,
  SINK_CODES,
  SOURCE_ATTEMPTS,
} from "./attempts.ts";
import type { Outcome } from "./tally.ts";

export interface OutcomeObserver {
  session(before: SessionState, after: SessionState): void;
  /** `before` is absent when the machine was resumed after a restart of the program. */
  companion(before: CompanionState | undefined, after: CompanionState): void;
  phone(key: string, before: PhoneState, after: PhoneState): void;
  sink(state: SinkState): void;
  source(state: SourceState): void;
  /** The outbox is done with a message that a person wrote. */
  delivered(row: OutboxRow, code: string): void;
  /** Runs `work` as one attempt to recover. */
  recovering<T>(work: () => Promise<T>): Promise<T>;
}

export interface ObserverClock {
  nowMs(): number;
  monotonicMs(): number;
}

export function createOutcomeObserver(clock: ObserverClock, ended: (outcome: Outcome) => void): OutcomeObserver {
  /** When the attempt of each machine began, by the machine's own name. */
  const began = new Map<string, number>();
  /** Where each history job stood. */
  const stages = new Map<string, SinkStage | SourceStage>();

  const end = (key: string, attempt: Attempt, stage: string, code: string): void => {
    const sinceMs = began.get(key) ?? clock.monotonicMs();
    began.delete(key);
    ended({ attempt, stage, code, durationMs: clock.monotonicMs() - sinceMs });
  };

  /** `again`: within the same attempt's states another try began. */
  const moved = <Kind extends string>(
    key: string,
    map: AttemptMap<Kind>,
    before: Kind | undefined,
    after: Kind,
    code: () => string,
    again = false,
  ): void => {
    const was = before === undefined ? undefined : map.of[before];
    const is = map.of[after];
    if (was === is && !again) return;
    if (was !== undefined) end(key, was, before!, map.ok[was]?.includes(after) === true ? "OK" : code());
    if (is !== undefined) began.set(key, clock.monotonicMs());
  };

  return {
    session(before, after) {
      const again = before.connection !== after.connection && SESSION_ATTEMPTS.of[before.kind] === "connect";
      moved("session", SESSION_ATTEMPTS, before.kind, after.kind, () => sessionCode(after), again && after.kind === "opening");
    },
    companion(before, after) {
      moved("companion", COMPANION_ATTEMPTS, before?.kind, after.kind, () => companionCode(after));
    },
    phone(key, before, after) {
      moved(`phone ${key}`, PHONE_ATTEMPTS, before.kind, after.kind, () => phoneCode(after));
    },
    sink(state) {
      const key = `sink ${state.job.jobId}`;
      const stage = sinkStage(state, clock.nowMs());
      moved(key, SINK_ATTEMPTS, stages.get(key) as SinkStage | undefined, stage, () => SINK_CODES[stage] ?? "OTHER");
      if (stage === "complete" || stage === "superseded") stages.delete(key);
      else stages.set(key, stage);
    },
    source(state) {
      const key = `source ${state.jobId}`;
      const stage = sourceStage(state);
      moved(key, SOURCE_ATTEMPTS, stages.get(key) as SourceStage | undefined, stage, () => "CANCELLED");
      if (stage === "received" || stage === "cancelled") stages.delete(key);
      else stages.set(key, stage);
    },
    delivered(row, code) {
      const stage: DeliverStage = row.frame !== undefined ? "sending" : row.uploads.length > 0 ? "uploading" : "sealing";
      // A message's number holds the time it was written.
      ended({ attempt: "deliver", stage, code, durationMs: Math.max(0, clock.nowMs() - messageIdTimeMs(row.messageId)) });
    },
    async recovering(work) {
      began.set("recover", clock.monotonicMs());
      try {
        const result = await work();
        end("recover", "recover", "restoring", "OK");
        return result;
      } catch (error) {
        end("recover", "recover", "restoring", error instanceof OperationalError ? error.code : "OTHER");
        throw error;
      }
    },
  };
}
