/**
 * Drives history that comes to this device. Invariant: references, progress and rows are durable before the machine hears of them; a
 * job goes on after any crash; nothing here can undo a link.
 */
import { type ConversationId, type DeviceNumber, fromHex, toHex } from "@hawser/base";
import {
  type ChunkReference,
  decodeChunk,
  isOver,
  MAX_CHUNKS,
  restoreSink,
  type SinkEffect,
  type SinkInput,
  type SinkJob,
  type SinkState,
  stepSink,
} from "@hawser/sync";
import type { HistoryMessageFromSource, HistoryMessageToSource } from "@hawser/wire";
import type { HistoryStatus } from "../api.ts";
import { MAX_TIME_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { HistoryJobRow } from "../store/history-jobs.ts";
import type { Archive } from "./archive.ts";
import { comparedSources } from "./compared-sources.ts";
import { createChunkFetcher, type FetcherParts } from "./chunk-fetcher.ts";
import { ARCHIVE_SOURCE, type HistoryPart, isSuperseded, newJob, oneChatOf, sinkJobOf, sizesOf, type StoredJob } from "./stored-job.ts";
import { endJobsOfGone } from "./gone-sources.ts";
import { askSource, postToSource } from "./post-to-source.ts";
import { lastCompleted, receivingStatus } from "./receiving-status.ts";
import { unaskedJob } from "./unasked-job.ts";
import { createWishes, type WishParts } from "./wishes.ts";

/** The first screen is no chunk of the job; its rows come again in one. */
const FIRST_SCREEN_INDEX = -1;

export interface HistorySinks {
  /** Inside the delivery's transaction; work starts in a later tick. */
  take(message: HistoryMessageFromSource, from: DeviceNumber): void;
  /** Asks a source for everything, for everything since a moment, or for one conversation. Joins a transaction. */
  ask(source: DeviceNumber, part?: HistoryPart, how?: { readonly wish?: string; readonly quiet?: true }): void;
  /** What is asked for already is asked for once more: everything, or one conversation. */
  askAgain(conversation?: ConversationId): boolean;
  /** An own device said something. Machines run in a later tick. */
  seen(device: DeviceNumber): void;
  /** Something is on its way here, or a source that was silent is still asked how large its chats are. */
  receiving(): boolean;
  /** The own list is another: what its devices were asked that are gone is asked of others. */
  sourcesChanged(listed: (device: number) => boolean): void;
  /** Forgets jobs that are not complete. */
  restart(): void;
  resume(): void;
  status(): HistoryStatus | undefined;
  stop(): void;
}

export interface SinkParts extends FetcherParts, Pick<WishParts, "online"> {
  /** Who may be asked for it, best first. */
  readonly candidates: (part: HistoryPart | undefined) => readonly number[];
  readonly archive: Pick<Archive, "plan">;
  /** The job by which whoever linked this device hands it everything. */
  readonly isFirstHistory: (jobId: string) => boolean;
  /** Asks the own devices what is read. Inside a transaction. */
  readonly askRead: () => void;
  /** Nobody is waited for any more, but for silent sources. Inside a transaction. */
  readonly settled: () => void;
}

export function createHistorySinks(core: Core, parts: SinkParts): HistorySinks {
  const { writer } = parts;
  const jobs = new Map<string, SinkState>();
  const timers = new Map<string, () => void>();
  let stopped = false;
  const fetcher = createChunkFetcher(core, parts, () => stopped);
  const { historyJobs } = core.store;
  /** The last job that was completed, for the screen. */
  let finished = lastCompleted(historyJobs.list());

  const input = (jobId: string, given: SinkInput): void => {
    const state = jobs.get(jobId);
    // A device that was wiped or revoked has nobody to report to.
    if (state === undefined || stopped || core.identity.self() === undefined) return;
    const step = stepSink(state, given, { nowMs: core.ports.clock.nowMs(), random: core.ports.random });
    jobs.set(jobId, step.state);
    core.observe.sink(step.state);
    for (const effect of step.effects) run(step.state, effect);
    if (isSign(given) && !isOver(step.state)) wishes.tell({ type: "moved", jobId });
    core.notify.changed("state");
  };
  const wishes = createWishes(core, {
    online: parts.online,
    candidates: (wish) => parts.candidates(partOf(wish)),
    patient: (wish) => oneChatOf(partOf(wish)) !== undefined,
    sink: (jobId) => jobs.get(jobId),
    perform(wish, effect) {
      if (effect.type === "supersede") return load(effect.jobId) ? input(effect.jobId, { type: "superseded" }) : undefined;
      if (effect.type === "begin-job") return ask(effect.source as DeviceNumber, partOf(wish), { wish });
      const row = historyJobs.find(effect.jobId);
      if (row === undefined) return;
      const { question: _another, ...state } = row.state as StoredJob;
      historyJobs.put({ ...row, state: { ...state, anyway: true } });
      request(effect.jobId, 0);
    },
  });
  const stored = (jobId: string): Partial<StoredJob> => historyJobs.find(jobId)?.state ?? {};
  const partOf = (jobId: string): HistoryPart | undefined => stored(jobId).part;
  const chatOf = ({ job }: SinkState): ConversationId | undefined => oneChatOf(partOf(job.jobId));
  /** Never inside a transaction or another step. */
  const later = (work: () => unknown): void => void Promise.resolve().then(() => (stopped ? undefined : work()));
  const inputLater = (jobId: string, given: SinkInput): void => later(() => input(jobId, given));

  const run = (state: SinkState, effect: SinkEffect): void => {
    const { jobId } = state.job;
    switch (effect.type) {
      case "fetch-chunk":
        return void fetch(jobId, effect.reference);
      case "report":
        if (state.job.source === ARCHIVE_SOURCE && effect.missing.length > 0) return request(jobId, effect.nextIndex);
        return post(state.job.source, {
          case: "progress",
          value: { jobId: bytes(jobId), nextIndex: effect.nextIndex, missing: [...effect.missing] } as never,
        });
      case "ask-source":
        return request(jobId, effect.nextIndex);
      case "set-timer":
        timers.get(jobId)?.();
        timers.set(
          jobId,
          core.ports.clock.after(effect.afterMs, () => input(jobId, { type: "timer" })),
        );
        return;
      case "persist-job":
        return core.store.atomically(() => persist(state));
    }
  };

  const persist = (state: SinkState): void => {
    const { job } = state;
    const row = { job: job.jobId, direction: "sink", device: job.source, finished: isOver(state), createdAtMs: core.timeMs() } as const;
    if (state.superseded) {
      historyJobs.forgetChunks(job.jobId);
      historyJobs.put({ ...row, state: { ...job, superseded: true } });
      return post(job.source, { case: "cancel", value: { jobId: bytes(job.jobId) } as never });
    }
    const { compare, ...extras } = stored(job.jobId);
    if (!state.complete) return historyJobs.put({ ...row, state: { ...extras, ...(compare === undefined ? {} : { compare }), ...job } });
    const isChat = oneChatOf(extras.part) !== undefined;
    historyJobs.put({ ...row, state: isChat ? { ...job, part: extras.part } : job });
    const others = wishes.siblings(job.jobId).filter((jobId) => jobId !== job.jobId);
    wishes.tell({ type: "complete", jobId: job.jobId });
    for (const [conversation, total] of Object.entries(compare ?? {})) fillUp(job.source, conversation, total);
    if (extras.part !== undefined && "conversation" in extras.part && job.chunkCount === 0 && extras.anyway !== true)
      nothingOlder(extras.part.conversation);
    if (extras.archive !== undefined) parts.askRead();
    if (extras.quiet !== true && !isChat) compareLater(others, extras);
    // Before a new device has everything, one chat of it says nothing about the rest.
    if (isSettled() && !(isChat && core.identity.settling())) {
      core.identity.setSettling(false);
      endGap(job.source);
    }
    core.notify.changed("conversations");
    if (extras.quiet !== true && !isChat) finished = { kind: "complete", messagesTotal: job.messageCount, finishedAtMs: core.timeMs() };
  };

  /** Everything that is on its way, and no screen's single chat. */
  const openForAll = (): SinkState[] =>
    [...jobs.values()].filter((state) => !isOver(state) && stored(state.job.jobId).quiet !== true && chatOf(state) === undefined);
  const isSettled = (): boolean => openForAll().length === 0;

  const compareLater = (siblings: readonly string[], job: Partial<StoredJob>): void => {
    const silent = siblings.flatMap((jobId) => jobs.get(jobId)?.job.source ?? []);
    const { devices, afterMs } = comparedSources(job, silent, parts.candidates, core.timeMs());
    for (const device of devices) ask(device as DeviceNumber, { afterMs }, { quiet: true });
  };
  const receiving = (): boolean => historyJobs.list().some((row) => row.direction === "sink" && !row.finished);

  const nothingOlder = (id: string): void => {
    const conversation = core.store.conversations.find(id as ConversationId);
    if (conversation !== undefined) core.store.conversations.update(conversation.row, { history_complete: 1 });
  };

  /** What a new device missed before its first history was complete was not asked for: its source began without knowing of it. */
  const endGap = (source: number): void => {
    const afterMs = core.identity.gapAfterMs();
    if (afterMs === undefined) return parts.settled();
    ask(source as DeviceNumber, { afterMs });
    core.identity.gapAsked();
  };

  /** After a gap: what was written long before, or by a clock that is wrong, shows in the number of messages. */
  const fillUp = (source: number, conversation: string, total: number): void => {
    if (writer.countReadable(conversation) < total) ask(source as DeviceNumber, { conversation, beforeMs: MAX_TIME_MS });
  };

  const request = (jobId: string, nextIndex: number): void =>
    stored(jobId).source === ARCHIVE_SOURCE ? later(() => serve(jobId)) : askSource(core, jobId, nextIndex);

  /** The archive in the place of a source: it answers by what its head says. */
  const serve = async (jobId: string): Promise<void> => {
    const { archive: before, part, anyway = false } = stored(jobId);
    const afterMs = part !== undefined && "afterMs" in part ? part.afterMs : 0;
    const planned = await parts.archive.plan(afterMs, before, anyway).catch(() => "unreachable" as const);
    const row = historyJobs.find(jobId);
    // No mailbox that fills: as often as a source that is there.
    inputLater(jobId, { type: "source-seen" });
    // The server could not be asked: the machine asks again.
    if (stopped || planned === "unreachable" || row === undefined || row.finished) return;
    if (planned === undefined) return wishes.tell({ type: "declined", jobId });
    const { plan } = planned;
    // Of a job under way, only chunks that were written anew meanwhile: the archive has no other copy of those that are damaged.
    const state = jobs.get(jobId);
    const references = planned.references.filter(({ index, blob }) => state?.pending.get(index)?.reference.blob !== blob);
    const chunkCount = plan.serials.length;
    const messageCount = Math.max(
      (row.state as StoredJob).messageCount,
      references.reduce((sum, chunk) => sum + chunk.messageCount, 0),
    );
    core.store.atomically(() => {
      historyJobs.put({ ...row, state: { ...(row.state as StoredJob), archive: plan, chunkCount, messageCount } });
      for (const reference of references) historyJobs.putChunk(jobId, reference);
    });
    for (const reference of references) input(jobId, { type: "reference", reference });
    // Said again it would look like a sign of life.
    if (before === undefined) input(jobId, { type: "end", chunkCount, messageCount });
  };

  const post = (source: number, message: HistoryMessageToSource["message"]): void => {
    if (source !== ARCHIVE_SOURCE) postToSource(core, source as DeviceNumber, message);
  };

  const fetch = async (jobId: string, reference: ChunkReference): Promise<void> => {
    const { index } = reference;
    const result = await fetcher.fetch(jobId, reference, stored(jobId).archive);
    if (typeof result === "number") input(jobId, { type: "committed", index, messageCount: result });
    else input(jobId, { type: "failed", index, failure: result });
  };

  const start = (job: StoredJob): void => {
    if (historyJobs.find(job.jobId) !== undefined) return;
    historyJobs.put({ job: job.jobId, direction: "sink", device: job.source, state: job, finished: false, createdAtMs: core.timeMs() });
  };
  const unasked = (jobId: string): ReturnType<typeof unaskedJob> =>
    unaskedJob(jobId, core.identity.settling() && parts.isFirstHistory(jobId), jobs.values(), stored);

  const ask: HistorySinks["ask"] = (source, part, { wish, quiet } = {}) => {
    const jobId = toHex(core.ports.random.bytes(16));
    core.store.atomically(() => {
      start({
        ...newJob(jobId, source),
        wish: wish ?? jobId,
        ...(part === undefined ? {} : { part }),
        ...(part !== undefined && "afterMs" in part ? { compare: {} } : {}),
        ...(quiet === undefined ? {} : { quiet }),
      });
      request(jobId, 0);
    });
    load(jobId);
    inputLater(jobId, { type: "resume" });
    if (oneChatOf(part) !== undefined) core.notify.changed("conversations");
  };

  /** Whoever linked this device has nothing to hand over yet. */
  const askUnasked = (): void => {
    const source = parts.candidates(undefined)[0];
    if (core.identity.settling() && source !== undefined && [...jobs.values()].every(isOver)) ask(source as DeviceNumber);
  };

  /** Its source does not know (any more) that everything is here. */
  const reportComplete = (row: HistoryJobRow): void => {
    post(row.device, { case: "progress", value: { jobId: bytes(row.job), nextIndex: MAX_CHUNKS, missing: [] } as never });
  };

  const load = (jobId: string): boolean => {
    if (jobs.has(jobId)) return true;
    const row = historyJobs.find(jobId);
    if (row === undefined || row.direction !== "sink" || isSuperseded(row)) return false;
    const { references, committed } = historyJobs.chunks(jobId);
    const { wish = jobId, quiet, ...job } = row.state as StoredJob;
    const state = restoreSink(sinkJobOf(job), references, committed, core.ports.clock.nowMs());
    jobs.set(jobId, state);
    if (!row.finished && quiet !== true) wishes.join(wish, jobId, state.job.source);
    // Nothing is missing (there was nothing to send, or the last chunk was the last thing before a crash), and nobody has said so yet.
    if (state.complete && !row.finished) {
      core.store.atomically(() => persist(state));
      reportComplete(row);
    }
    return true;
  };

  return {
    take({ message }, from) {
      if (message.value === undefined || message.value.jobId.length !== 16) return;
      const jobId = toHex(message.value.jobId);
      // A job is its source's: no other device can add to it, replace its chunks or end it.
      const running = historyJobs.find(jobId);
      if (running !== undefined && (running.direction !== "sink" || running.device !== from)) return;
      switch (message.case) {
        case "start": {
          if (running?.finished === true) return reportComplete(running);
          // The source begins anew, and its chunks with it: an older copy of its store, or one that has lost the job.
          if (running !== undefined && historyJobs.chunks(jobId).committed.size > 0) {
            historyJobs.forgetChunks(jobId);
            jobs.delete(jobId);
          }
          start({ ...newJob(jobId, from), ...unasked(jobId) });
          const known = historyJobs.find(jobId)!;
          const state = known.state as StoredJob;
          const screen = message.value.firstScreen.length === 0 ? undefined : decodeChunk(message.value.firstScreen);
          const compare = state.compare === undefined ? {} : { compare: sizesOf(screen?.conversations ?? []) };
          historyJobs.put({ ...known, state: { ...state, messageCount: Number(message.value.messageCount), ...compare } });
          if (screen !== undefined) {
            const { conversations } = screen;
            later(() => fetcher.commit(jobId, FIRST_SCREEN_INDEX, conversations));
          }
          later(() => {
            if (!load(jobId)) return;
            input(jobId, { type: "resume" });
            wishes.tell({ type: "moved", jobId });
          });
          return;
        }
        case "declined":
          return later(() => (running === undefined ? askUnasked() : load(jobId) && wishes.tell({ type: "declined", jobId })));
        case "chunk": {
          const { index, blobId, key, messageCount, sizeBytes } = message.value;
          const reference: ChunkReference = { index, blob: toHex(blobId), key, messageCount, sizeBytes };
          if (isSuperseded(running)) return;
          start({ ...newJob(jobId, from), ...unasked(jobId) });
          historyJobs.putChunk(jobId, reference);
          later(() => load(jobId) && input(jobId, { type: "reference", reference }));
          return;
        }
        case "end": {
          const { chunkCount } = message.value;
          const messageCount = Number(message.value.messageCount);
          if (isSuperseded(running)) return;
          start({ ...newJob(jobId, from), messageCount, chunkCount, ...unasked(jobId) });
          const known = historyJobs.find(jobId)!;
          historyJobs.put({ ...known, state: { ...(known.state as SinkJob), chunkCount, messageCount } });
          later(() => load(jobId) && input(jobId, { type: "end", chunkCount, messageCount }));
        }
      }
    },
    ask,
    receiving,
    sourcesChanged(listed) {
      const end = (jobId: string): void => input(jobId, { type: "superseded" });
      const askNext = (source: number, part: HistoryPart | undefined, wish: string): void => ask(source as DeviceNumber, part, { wish });
      const { siblings } = wishes;
      if (!endJobsOfGone({ jobs, stored, siblings, candidates: parts.candidates, end, ask: askNext }, listed) || !isSettled()) return;
      core.store.atomically(() => {
        core.identity.setSettling(false);
        parts.settled();
      });
    },
    restart() {
      for (const row of historyJobs.list()) if (row.direction === "sink" && !row.finished) historyJobs.delete(row.job);
      for (const cancel of timers.values()) cancel();
      timers.clear();
      jobs.clear();
      wishes.forget();
    },
    askAgain(conversation) {
      const open = [...jobs.values()].filter((state) => !isOver(state) && chatOf(state) === conversation);
      for (const state of open) inputLater(state.job.jobId, { type: "ask-now" });
      return open.length > 0;
    },
    seen(device) {
      for (const { job, sourceSeen } of jobs.values())
        if (job.source === device && job.questions !== undefined && !sourceSeen) inputLater(job.jobId, { type: "source-seen" });
    },
    resume() {
      for (const row of historyJobs.list()) {
        if (row.direction !== "sink" || row.finished || !load(row.job)) continue;
        inputLater(row.job, { type: "resume" });
      }
    },
    status() {
      const newest = openForAll().at(-1) ?? [...jobs.values()].findLast((state) => !isOver(state) && chatOf(state) !== undefined);
      if (newest === undefined) return finished;
      const same = wishes.siblings(newest.job.jobId).flatMap((jobId) => jobs.get(jobId) ?? []);
      return receivingStatus(same, core.ports.clock.nowMs(), chatOf(newest));
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      wishes.forget();
    },
  };
}

/** Inputs by which a source shows that it is there. */
const isSign = ({ type }: SinkInput): boolean => type === "reference" || type === "committed" || type === "end";

const bytes = (jobId: string): Uint8Array => fromHex(jobId)!;
