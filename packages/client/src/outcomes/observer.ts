/**
 * Sees the machines' steps and says how attempts ended. Invariant: an attempt that began here ends in exactly one outcome; nothing is
 * decided here and no machine knows of it. An attempt that a restart of the program interrupted goes on as one that began at the restart.
 */
import { type MessageId, messageIdTimeMs, OperationalError } from "@hawser/base";
import type { CompanionState, GiverState, PhoneState, TakerState } from "@hawser/linking";
import type { SessionState } from "@hawser/session";
import {
  type ArchiveWriterState,
  type SinkStage,
  sinkStage,
  type SinkState,
  type SourceStage,
  sourceStage,
  type SourceState,
} from "@hawser/sync";
import type { OutboxRow } from "../store/outbox.ts";
import {
  ARCHIVE_WRITER_ATTEMPTS,
  archiveWriterCode,
  type Attempt,
  type AttemptMap,
  COMPANION_ATTEMPTS,
  companionCode,
  type DeliverStage,
  GIVER_ATTEMPTS,
  giverCode,
  linkAttempt,
  PHONE_ATTEMPTS,
  phoneCode,
  type ResendCode,
  type Route,
  SESSION_ATTEMPTS,
  sessionCode,
  SINK_ATTEMPTS,
  SINK_CODES,
  SOURCE_ATTEMPTS,
  TAKER_ATTEMPTS,
  takerCode,
} from "./attempts.ts";
import type { Outcome } from "./tally.ts";

export interface OutcomeObserver {
  session(before: SessionState, after: SessionState): void;
  /** `before` is absent when the machine was resumed after a restart of the program. */
  companion(before: CompanionState | undefined, after: CompanionState, route: Route): void;
  phone(key: string, before: PhoneState, after: PhoneState, route: Route): void;
  /** `isUsed`: it ends because a phone has the code. */
  giver(key: string, before: GiverState, after: GiverState, route: Route, isUsed: boolean): void;
  taker(before: TakerState, after: TakerState, route: Route): void;
  archiveWriter(before: ArchiveWriterState, after: ArchiveWriterState): void;
  sink(state: SinkState): void;
  source(state: SourceState): void;
  /** The outbox is done with a message that a person wrote. */
  delivered(row: OutboxRow, code: string): void;
  /** An unreadable message was asked for, the first time or again. */
  resendAsked(id: MessageId): void;
  /** It came, or will not. Only of messages that were asked for. */
  resendEnded(id: MessageId, code: ResendCode): void;
  /** Runs `work` as one attempt: what it throws is its end, or what `codeOf` makes of its result. */
  during<T>(attempt: Attempt, stage: string, work: () => Promise<T>, codeOf?: (result: T) => string): Promise<T>;
  /** The same for work that nobody waits for. */
  doing<T>(attempt: Attempt, stage: string, work: () => T): T;
  /** For what has no machine and is over. */
  ended(attempt: Attempt, stage: string, code: string, durationMs: number): void;
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

  const end = (key: string, attempt: Attempt, stage: string, code: string, route?: Route): void => {
    const sinceMs = began.get(key) ?? clock.monotonicMs();
    began.delete(key);
    ended({ attempt, stage, code, durationMs: clock.monotonicMs() - sinceMs, ...(route === undefined ? {} : { route }) });
  };

  /** `again`: within the same attempt's states another try began. `link`: what kind of link it is, and how its code came. */
  const moved = <Kind extends string>(
    key: string,
    map: AttemptMap<Kind>,
    before: Kind | undefined,
    after: Kind,
    code: () => string,
    again = false,
    link?: { readonly route: Route; readonly as?: Attempt },
  ): void => {
    const was = before === undefined ? undefined : map.of[before];
    const is = map.of[after];
    if (was === is && !again) return;
    if (was !== undefined) end(key, link?.as ?? was, before!, map.ok[was]?.includes(after) === true ? "OK" : code(), link?.route);
    if (is !== undefined) began.set(key, clock.monotonicMs());
  };

  const timed = (attempt: Attempt, stage: string): ((code: string) => void) => {
    const sinceMs = clock.monotonicMs();
    return (code) => ended({ attempt, stage, code, durationMs: clock.monotonicMs() - sinceMs });
  };

  return {
    session(before, after) {
      const again = before.connection !== after.connection && SESSION_ATTEMPTS.of[before.kind] === "connect";
      moved("session", SESSION_ATTEMPTS, before.kind, after.kind, () => sessionCode(after), again && after.kind === "opening");
    },
    companion(before, after, route) {
      const isMove = before?.as === "phone";
      const as = linkAttempt("companion", isMove, before?.approval?.restored !== undefined);
      const isLink = before !== undefined && COMPANION_ATTEMPTS.of[before.kind] === "link-companion";
      const link = isLink ? { route, as } : undefined;
      moved("companion", COMPANION_ATTEMPTS, before?.kind, after.kind, () => companionCode(after), false, link);
    },
    phone(key, before, after, route) {
      const as = linkAttempt("phone", before.request?.kind === "phone", before.restore !== 0);
      moved(`phone ${key}`, PHONE_ATTEMPTS, before.kind, after.kind, () => phoneCode(after), false, { route, as });
    },
    giver(key, before, after, route, isUsed) {
      // The server's word that the parts are there can come after the phone that has them.
      const hasArrived = isUsed && before.kind === "handing";
      const map = hasArrived ? { ...GIVER_ATTEMPTS, ok: { "give-code": ["spent"] } as const } : GIVER_ATTEMPTS;
      moved(`giver ${key}`, map, before.kind, after.kind, () => giverCode(after), false, { route });
    },
    taker(before, after, route) {
      moved(`taker ${route}`, TAKER_ATTEMPTS, before.kind, after.kind, () => takerCode(after), false, { route });
    },
    archiveWriter(before, after) {
      // A head that could not be believed, and an archive that is begun anew in its place.
      const isRefused = after.kind === "resting" && after.trouble !== undefined;
      const map = isRefused ? { ...ARCHIVE_WRITER_ATTEMPTS, ok: {} } : ARCHIVE_WRITER_ATTEMPTS;
      moved("archive", map, before.kind, after.kind, () => archiveWriterCode(before, after));
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
    resendAsked(id) {
      const key = `resend ${id}`;
      if (!began.has(key)) began.set(key, clock.monotonicMs());
    },
    resendEnded: (id, code) => end(`resend ${id}`, "resend", "asked", code),
    async during(attempt, stage, work, codeOf = () => "OK") {
      const over = timed(attempt, stage);
      try {
        const result = await work();
        over(codeOf(result));
        return result;
      } catch (error) {
        over(codeOfError(error));
        throw error;
      }
    },
    doing(attempt, stage, work) {
      const over = timed(attempt, stage);
      try {
        const result = work();
        over("OK");
        return result;
      } catch (error) {
        over(codeOfError(error));
        throw error;
      }
    },
    ended: (attempt, stage, code, durationMs) => ended({ attempt, stage, code, durationMs: Math.max(0, durationMs) }),
  };
}

const codeOfError = (error: unknown): string => (error instanceof OperationalError ? error.code : "OTHER");
