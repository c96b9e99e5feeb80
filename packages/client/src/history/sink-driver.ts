/**
 * Drives history that comes to this device. Invariant: references, progress and rows are durable before the machine hears of them; a
 * job goes on after any crash; nothing here can undo a link.
 */
import {
  type AccountId,
  accountOfConversation,
  type ConversationId,
  type DeviceNumber,
  fromHex,
  newMessageId,
  OperationalError,
  toHex,
} from "@hawser/base";
import {
  type ChunkFailure,
  type ChunkReference,
  decodeChunk,
  type HistoryWriter,
  MAX_CHUNK_BYTES,
  MAX_CHUNKS,
  newSink,
  openChunk,
  pureCompression,
  restoreSink,
  type SinkEffect,
  type SinkInput,
  type SinkJob,
  type SinkState,
  stalledSinceMs,
  stepSink,
} from "@hawser/sync";
import type { HistoryConversation, HistoryMessageFromSource, HistoryMessageToSource } from "@hawser/wire";
import type { HistoryStatus } from "../api.ts";
import { MAX_COMPARED_CONVERSATIONS, MAX_TIME_MS } from "../bounds.ts";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";
import type { HistoryJobRow } from "../store/history-jobs.ts";

/** The first screen is no chunk of the job; its rows come again in one. */
const FIRST_SCREEN_INDEX = -1;

export type HistoryPart = { readonly conversation: string; readonly beforeMs: number } | { readonly afterMs: number };

/** What stands in the table besides the machine's own. */
interface StoredJob extends SinkJob {
  /** Sizes of conversations at the source, to be compared when the gap is filled. */
  readonly compare?: Readonly<Record<string, number>>;
}

export interface HistorySinks {
  /** Inside the delivery's transaction; work starts in a later tick. */
  take(message: HistoryMessageFromSource, from: DeviceNumber): void;
  /** Asks a source for everything, for everything since a moment, or for one conversation. Joins a transaction. */
  ask(source: DeviceNumber, part?: HistoryPart): void;
  askAgain(): boolean;
  /** Forgets jobs that are not complete. */
  restart(): void;
  resume(): void;
  status(): HistoryStatus | undefined;
  stop(): void;
}

/** `accepted`: another own device has accepted the chat with that account. `filled`: a gap is filled in which these devices were served. */
export function createHistorySinks(
  core: Core,
  writer: HistoryWriter,
  transfer: BlobTransfer,
  accepted: (account: AccountId) => void,
  filled: (served: readonly number[]) => void,
): HistorySinks {
  const jobs = new Map<string, SinkState>();
  const timers = new Map<string, () => void>();
  let stopped = false;
  const { historyJobs } = core.store;
  const earlier = historyJobs.list().findLast((row) => row.direction === "sink" && row.finished);
  /** The last job that was completed, for the screen. */
  let finished: HistoryStatus | undefined =
    earlier === undefined
      ? undefined
      : { kind: "complete", messagesTotal: (earlier.state as SinkJob).messageCount, finishedAtMs: earlier.createdAtMs };

  const input = (jobId: string, given: SinkInput): void => {
    const state = jobs.get(jobId);
    // A device that was wiped or revoked has nobody to report to.
    if (state === undefined || stopped || core.identity.self() === undefined) return;
    const step = stepSink(state, given, { nowMs: core.ports.clock.nowMs(), random: core.ports.random });
    jobs.set(jobId, step.state);
    core.observe.sink(step.state);
    for (const effect of step.effects) run(step.state, effect);
    core.notify.changed("state");
  };
  /** Never inside a transaction or another step. */
  const later = (work: () => unknown): void => void Promise.resolve().then(() => (stopped ? undefined : work()));
  const inputLater = (jobId: string, given: SinkInput): void => later(() => input(jobId, given));

  const run = (state: SinkState, effect: SinkEffect): void => {
    const { jobId } = state.job;
    switch (effect.type) {
      case "fetch-chunk":
        return void fetch(jobId, effect.reference);
      case "report":
        return post(state, {
          case: "progress",
          value: { jobId: bytes(jobId), nextIndex: effect.nextIndex, missing: [...effect.missing] } as never,
        });
      case "ask-source":
        return post(state, { case: "request", value: { jobId: bytes(jobId), nextIndex: effect.nextIndex } as never });
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
    const { compare } = (historyJobs.find(state.job.jobId)?.state ?? {}) as Partial<StoredJob>;
    if (state.complete) for (const [conversation, total] of Object.entries(compare ?? {})) fillUp(state.job.source, conversation, total);
    if (state.complete && [...jobs.values()].every((job) => job.complete)) {
      core.identity.setSettling(false);
      endGap(state.job.source);
      core.notify.changed("conversations");
    }
    if (state.complete) finished = { kind: "complete", messagesTotal: state.job.messageCount, finishedAtMs: core.timeMs() };
    historyJobs.put({
      job: state.job.jobId,
      direction: "sink",
      device: state.job.source,
      state: state.complete ? state.job : { ...state.job, ...(compare === undefined ? {} : { compare }) },
      finished: state.complete,
      createdAtMs: core.timeMs(),
    });
  };

  /** What a new device missed before its first history was complete was not asked for: its source began without knowing of it. */
  const endGap = (source: number): void => {
    const afterMs = core.identity.gapAfterMs();
    if (afterMs !== undefined) {
      ask(source as DeviceNumber, { afterMs });
      return core.identity.gapAsked();
    }
    const served = core.identity.servedInGap();
    core.identity.gapFilled();
    if (served.length > 0) later(() => filled(served));
  };

  /** After a gap: what was written long before, or by a clock that is wrong, shows in the number of messages. */
  const fillUp = (source: number, conversation: string, total: number): void => {
    if (writer.countReadable(conversation) < total) ask(source as DeviceNumber, { conversation, beforeMs: MAX_TIME_MS });
  };

  const post = (state: SinkState, message: HistoryMessageToSource["message"]): void =>
    core.store.atomically(() => {
      const self = core.identity.requireSelf();
      const nowMs = core.timeMs();
      const messageId = newMessageId(nowMs, core.ports.random);
      const content = encodeContent(
        { sender: self, conversation: undefined, messageId, sentAtMs: nowMs },
        { case: "historyToSource", value: { message } },
      );
      core.store.outbox.add({ messageId, audience: "device", account: self.account, device: state.job.source as DeviceNumber, content });
      core.notify.changed("outbox");
    });

  const fetch = async (jobId: string, reference: ChunkReference): Promise<void> => {
    try {
      const ciphertext = await transfer.download(reference.blob as never, MAX_CHUNK_BYTES);
      const expected = { blob: reference.blob as never, key: reference.key, jobId, index: reference.index };
      const opened = openChunk(ciphertext, expected, core.ports.primitives, core.ports.compression ?? pureCompression);
      if (stopped) return;
      if (!opened.ok) return input(jobId, { type: "failed", index: reference.index, failure: { kind: "damaged" } });
      const messageCount = opened.value.conversations.reduce((sum, conversation) => sum + conversation.entries.length, 0);
      commit(jobId, reference.index, opened.value.conversations);
      input(jobId, { type: "committed", index: reference.index, messageCount });
    } catch (error) {
      core.log({ event: "history-fetch-failed", error: error instanceof OperationalError ? error.code : "unknown" });
      input(jobId, { type: "failed", index: reference.index, failure: failureOf(error) });
    }
  };

  const commit = (jobId: string, index: number, conversations: readonly HistoryConversation[]): void => {
    // Before the rows: receipts are due for what came to this device and waited, not for what it is told of now.
    for (const { conversationId, request } of conversations) {
      const account = accountOfConversation(conversationId as ConversationId);
      if (account !== undefined && !request) accepted(account);
    }
    writer.commitChunk(jobId, index, conversations);
    for (const { conversationId } of conversations) core.notify.messagesChanged(conversationId as ConversationId);
  };

  const start = (job: StoredJob): void => {
    if (historyJobs.find(job.jobId) !== undefined) return;
    historyJobs.put({ job: job.jobId, direction: "sink", device: job.source, state: job, finished: false, createdAtMs: core.timeMs() });
  };

  const ask: HistorySinks["ask"] = (source, part) => {
    const jobId = toHex(core.ports.random.bytes(16));
    const job: StoredJob = { jobId, source, messageCount: 0, chunkCount: undefined, messagesDone: 0 };
    const state = newSink(job, core.ports.clock.nowMs());
    const wish = { conversationId: "", beforeMs: 0n, afterMs: 0n };
    if (part !== undefined && "conversation" in part)
      Object.assign(wish, { conversationId: part.conversation, beforeMs: BigInt(Math.floor(part.beforeMs)) });
    if (part !== undefined && "afterMs" in part) wish.afterMs = BigInt(Math.floor(part.afterMs));
    core.store.atomically(() => {
      start(part !== undefined && "afterMs" in part ? { ...job, compare: {} } : job);
      post(state, { case: "request", value: { jobId: bytes(jobId), ...wish } as never });
    });
    jobs.set(jobId, state);
    inputLater(jobId, { type: "resume" });
  };

  /** Its source does not know (any more) that everything is here. */
  const reportComplete = (row: HistoryJobRow): void => {
    const state = restoreSink(row.state as SinkJob, [], new Set(), core.ports.clock.nowMs());
    post(state, { case: "progress", value: { jobId: bytes(row.job), nextIndex: MAX_CHUNKS, missing: [] } as never });
  };

  const load = (jobId: string): boolean => {
    if (jobs.has(jobId)) return true;
    const row = historyJobs.find(jobId);
    if (row === undefined || row.direction !== "sink") return false;
    const { references, committed } = historyJobs.chunks(jobId);
    const state = restoreSink(row.state as SinkJob, references, committed, core.ports.clock.nowMs());
    jobs.set(jobId, state);
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
          start({ jobId, source: from, messageCount: Number(message.value.messageCount), chunkCount: undefined, messagesDone: 0 });
          const known = historyJobs.find(jobId)!;
          const state = known.state as StoredJob;
          const screen = message.value.firstScreen.length === 0 ? undefined : decodeChunk(message.value.firstScreen);
          const compare = state.compare === undefined ? {} : { compare: sizesOf(screen?.conversations ?? []) };
          historyJobs.put({ ...known, state: { ...state, messageCount: Number(message.value.messageCount), ...compare } });
          if (screen !== undefined) {
            const { conversations } = screen;
            later(() => commit(jobId, FIRST_SCREEN_INDEX, conversations));
          }
          later(() => load(jobId) && input(jobId, { type: "resume" }));
          return;
        }
        case "chunk": {
          const { index, blobId, key, messageCount, sizeBytes } = message.value;
          const reference: ChunkReference = { index, blob: toHex(blobId), key, messageCount, sizeBytes };
          start({ jobId, source: from, messageCount: 0, chunkCount: undefined, messagesDone: 0 });
          historyJobs.putChunk(jobId, reference);
          later(() => load(jobId) && input(jobId, { type: "reference", reference }));
          return;
        }
        case "end": {
          const { chunkCount } = message.value;
          const messageCount = Number(message.value.messageCount);
          start({ jobId, source: from, messageCount, chunkCount, messagesDone: 0 });
          const known = historyJobs.find(jobId)!;
          historyJobs.put({ ...known, state: { ...(known.state as SinkJob), chunkCount, messageCount } });
          later(() => load(jobId) && input(jobId, { type: "end", chunkCount, messageCount }));
        }
      }
    },
    ask,
    restart() {
      for (const row of historyJobs.list()) if (row.direction === "sink" && !row.finished) historyJobs.delete(row.job);
      for (const cancel of timers.values()) cancel();
      timers.clear();
      jobs.clear();
    },
    askAgain() {
      const open = [...jobs.values()].filter((state) => !state.complete);
      for (const state of open) inputLater(state.job.jobId, { type: "ask-now" });
      return open.length > 0;
    },
    resume() {
      for (const row of historyJobs.list()) {
        if (row.direction !== "sink" || row.finished || !load(row.job)) continue;
        inputLater(row.job, { type: "resume" });
      }
    },
    status() {
      const states = [...jobs.values()];
      const running = states.filter((state) => !state.complete);
      if (running.length > 0) {
        const newest = running.at(-1)!;
        return {
          kind: "running",
          direction: "receiving",
          messagesDone: newest.job.messagesDone,
          messagesTotal: newest.job.messageCount,
          stalledSinceMs: stalledSinceMs(newest, core.ports.clock.nowMs()),
        };
      }
      return finished;
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
    },
  };
}

const sizesOf = (conversations: readonly HistoryConversation[]): Record<string, number> =>
  Object.fromEntries(
    conversations.slice(0, MAX_COMPARED_CONVERSATIONS).map(({ conversationId, totalMessages }) => [conversationId, Number(totalMessages)]),
  );

function failureOf(error: unknown): ChunkFailure {
  if (!(error instanceof OperationalError)) return isFull(error) ? { kind: "storage-full" } : { kind: "unreachable" };
  if (error.code === "BLOB_UNKNOWN") return { kind: "missing" };
  if (error.code === "BLOB_MISMATCH" || error.code === "LIMIT_EXCEEDED") return { kind: "damaged" };
  if (error.code === "STORAGE_FULL") return { kind: "storage-full" };
  return typeof error.retry === "object" ? { kind: "unreachable", retryAfterMs: error.retry.afterMs } : { kind: "unreachable" };
}

/** SQLite's SQLITE_FULL, as every driver words it. */
const isFull = (error: unknown): boolean => error instanceof Error && /full|quota/i.test(error.message);

const bytes = (jobId: string): Uint8Array => fromHex(jobId)!;
