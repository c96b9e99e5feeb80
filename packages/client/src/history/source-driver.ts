/**
 * Drives history jobs that leave this device: one machine a job. Invariant: a reference is put into the outbox in the transaction that
 * stores the machine's state; a job is restored from that state whenever the client starts.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type DeviceNumber, fromHex, newMessageId } from "@hawser/base";
import {
  FIRST_SCREEN_CONVERSATIONS,
  FIRST_SCREEN_MESSAGES,
  type HistoryReader,
  type HistoryScope,
  MAX_CHUNK_MESSAGES,
  MAX_FIRST_SCREEN_BYTES,
  mayRest,
  newSource,
  pureCompression,
  restoreSource,
  sealChunk,
  type SourceEffect,
  type SourceInput,
  type SourceState,
  stepSource,
  TARGET_CHUNK_BYTES,
  uploadedMessages,
} from "@hawser/sync";
import { HistoryChunkSchema, type HistoryMessageFromSource, type HistoryRequest } from "@hawser/wire";
import { MAX_COMPARED_CONVERSATIONS } from "../bounds.ts";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { HistoryStatus } from "../api.ts";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";

export interface HistorySources {
  /** Begins a job for a device that has just been linked or asks. Idempotent for a job id. */
  begin(jobId: string, device: DeviceNumber, scope: HistoryScope): void;
  request(request: HistoryRequest, jobId: string, from: DeviceNumber): void;
  serves(jobId: string): boolean;
  /** "Not me, or not yet." */
  decline(jobId: string, device: DeviceNumber): void;
  /** Only from the device that the job is for. */
  progress(jobId: string, from: DeviceNumber, nextIndex: number, missing: readonly number[]): void;
  cancel(jobId: string, from: DeviceNumber): void;
  /** On start and on every connection. */
  resume(): void;
  /** Jobs that are not done begin anew, under their ids. */
  restart(): void;
  /** Devices that are gone need nothing any more. */
  dropDevicesExcept(devices: ReadonlySet<number>): void;
  status(): HistoryStatus | undefined;
  stop(): void;
}

interface Sealed {
  readonly blob: string;
  readonly key: Uint8Array;
  readonly messageCount: number;
  readonly sizeBytes: number;
}

export function createHistorySources(core: Core, reader: HistoryReader, transfer: BlobTransfer): HistorySources {
  const jobs = new Map<string, SourceState>();
  const sealed = new Map<string, Sealed>();
  const timers = new Map<string, () => void>();
  let stopped = false;
  let finishedAtMs = 0;

  const input = (jobId: string, given: SourceInput): void => {
    const state = jobs.get(jobId);
    // A device that was wiped or revoked has nobody to report to.
    if (state === undefined || stopped || core.identity.self() === undefined) return;
    const step = stepSource(state, given, core.pairContext());
    jobs.set(jobId, step.state);
    core.observe.source(step.state);
    const durable = step.effects.filter(
      (effect) => effect.type === "announce-chunk" || effect.type === "announce-end" || effect.type === "persist",
    );
    if (durable.length > 0) {
      core.store.atomically(() => {
        persist(step.state);
        for (const effect of durable) announce(step.state, effect);
      });
    }
    for (const effect of step.effects) runLater(step.state.jobId, effect);
    if (mayRest(step.state) && finishedAtMs === 0) finishedAtMs = core.timeMs();
    core.notify.changed("state");
  };

  const persist = (state: SourceState): void => {
    const finished = state.cancelled || (state.finished && mayRest(state));
    core.store.historyJobs.put({
      job: state.jobId,
      direction: "source",
      device: state.target,
      state,
      finished,
      createdAtMs: core.timeMs(),
    });
  };

  const announce = (state: SourceState, effect: SourceEffect): void => {
    if (effect.type === "announce-chunk") {
      const chunk = sealed.get(`${state.jobId}/${effect.index}`);
      if (chunk === undefined) return;
      const { blob, key, messageCount, sizeBytes } = chunk;
      post(state.target, {
        case: "chunk",
        value: { jobId: bytes(state.jobId), index: effect.index, blobId: fromHex(blob)!, key, messageCount, sizeBytes } as never,
      });
    } else if (effect.type === "announce-end") {
      post(state.target, {
        case: "end",
        value: { jobId: bytes(state.jobId), chunkCount: effect.chunkCount, messageCount: BigInt(effect.messageCount) } as never,
      });
    }
  };

  const post = (device: number, message: HistoryMessageFromSource["message"]): void => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const content = encodeContent(
      { sender: self, conversation: undefined, messageId, sentAtMs: nowMs },
      { case: "historyFromSource", value: { message } },
    );
    core.store.outbox.add({ messageId, audience: "device", account: self.account, device: device as DeviceNumber, content });
    core.store.resends.keepSent(messageId, self.account, content, nowMs);
    core.notify.changed("outbox");
  };

  const runLater = (jobId: string, effect: SourceEffect): void => {
    if (effect.type === "upload-chunk") void build(jobId, effect);
    else if (effect.type === "set-retry-timer") {
      timers.get(jobId)?.();
      timers.set(
        jobId,
        core.ports.clock.after(effect.afterMs, () => input(jobId, { type: "retry-due" })),
      );
    }
  };

  const build = async (jobId: string, { index, from }: Extract<SourceEffect, { type: "upload-chunk" }>): Promise<void> => {
    // A turn of its own: the machine's step is over, and what waits in the outbox (the first screen above all) leaves between two pages.
    await new Promise<void>((resolve) => void core.ports.clock.after(0, resolve));
    const state = jobs.get(jobId);
    if (state === undefined || stopped) return;
    try {
      const page = reader.page(state.scope, from, MAX_CHUNK_MESSAGES, TARGET_CHUNK_BYTES);
      input(jobId, { type: "built", index, messageCount: page.messageCount, next: page.next });
      if (page.messageCount === 0) return;
      const chunk = create(HistoryChunkSchema, { jobId: bytes(jobId), index, conversations: page.conversations });
      const made = sealChunk(chunk, core.ports.primitives, core.ports.compression ?? pureCompression, core.ports.random);
      await transfer.upload(made.blob, made.ciphertext, "history");
      const key = `${jobId}/${index}`;
      sealed.set(key, { blob: made.blob, key: made.key, messageCount: page.messageCount, sizeBytes: made.ciphertext.length });
      input(jobId, { type: "uploaded", index });
      sealed.delete(key);
    } catch (error) {
      core.log({ event: "history-upload-failed", error: error instanceof Error ? error.name : "unknown" });
      input(jobId, { type: "upload-failed", index });
    }
  };

  const begin = (jobId: string, device: DeviceNumber, scope: HistoryScope): void => {
    if (jobs.has(jobId) || core.store.historyJobs.find(jobId) !== undefined) return;
    const count = reader.count(scope);
    const state = newSource(jobId, device, scope, count.messages);
    core.store.atomically(() => {
      persist(state);
      post(state.target, {
        case: "start",
        value: {
          jobId: bytes(jobId),
          messageCount: BigInt(count.messages),
          conversationCount: count.conversations,
          firstScreen: scope.kind === "conversation" ? new Uint8Array(0) : firstScreen(reader, jobId, scope),
        } as never,
      });
    });
    finishedAtMs = 0;
    jobs.set(jobId, state);
    input(jobId, { type: "resume" });
  };

  return {
    begin,
    serves: (jobId) => jobs.has(jobId),
    decline: (jobId, device) => core.store.atomically(() => post(device, { case: "declined", value: { jobId: bytes(jobId) } as never })),
    request(request, jobId, from) {
      const known = jobs.get(jobId);
      if (known !== undefined) return known.target === from ? input(jobId, { type: "resume" }) : undefined;
      const scope: HistoryScope =
        request.conversationId === ""
          ? request.afterMs > 0n
            ? { kind: "since", afterMs: Number(request.afterMs) }
            : { kind: "all" }
          : {
              kind: "conversation",
              conversation: request.conversationId,
              beforeMs: request.beforeMs > 0n ? Number(request.beforeMs) : core.timeMs(),
            };
      begin(jobId, from, scope);
    },
    progress: (jobId, from, nextIndex, missing) => {
      const state = jobs.get(jobId);
      if (state?.target !== from) return;
      const finished = state?.endAnnounced === true && nextIndex >= state.chunks.length && missing.length === 0;
      input(jobId, { type: "progress", nextIndex, missing, finished });
    },
    cancel: (jobId, from) => (jobs.get(jobId)?.target === from ? input(jobId, { type: "cancel" }) : undefined),
    resume() {
      for (const row of core.store.historyJobs.list()) {
        if (row.direction !== "source" || row.finished) continue;
        if (!jobs.has(row.job)) jobs.set(row.job, restoreSource(row.state as SourceState));
        input(row.job, { type: "resume" });
      }
    },
    restart() {
      for (const row of core.store.historyJobs.list()) {
        if (row.direction !== "source" || row.finished) continue;
        jobs.delete(row.job);
        core.store.historyJobs.delete(row.job);
        begin(row.job, row.device as DeviceNumber, (row.state as SourceState).scope);
      }
    },
    dropDevicesExcept(devices) {
      for (const [jobId, state] of jobs) {
        if (devices.has(state.target)) continue;
        jobs.delete(jobId);
        core.store.historyJobs.delete(jobId);
      }
    },
    status() {
      const active = [...jobs.values()].filter((state) => !state.cancelled);
      const running = active.filter((state) => !mayRest(state));
      const sum = (states: readonly SourceState[], of: (state: SourceState) => number): number =>
        states.reduce((total, state) => total + of(state), 0);
      if (running.length > 0) {
        return {
          kind: "running",
          direction: "sending",
          messagesDone: sum(running, uploadedMessages),
          messagesTotal: sum(running, (state) => state.messageCount),
          stalledSinceMs: undefined,
          storageFull: false,
        };
      }
      return active.length === 0 ? undefined : { kind: "complete", messagesTotal: active.at(-1)!.messageCount, finishedAtMs };
    },
    stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
    },
  };
}

/** The newest chats inline, or how large chats are; fewer of them when they would not fit into one message. */
function firstScreen(reader: HistoryReader, jobId: string, { kind }: HistoryScope): Uint8Array {
  const first = kind === "all" ? FIRST_SCREEN_MESSAGES : MAX_COMPARED_CONVERSATIONS;
  for (let count = first; count >= 1; count = Math.floor(count / 2)) {
    const conversations = kind === "all" ? reader.firstScreen(FIRST_SCREEN_CONVERSATIONS, count) : reader.sizes(count);
    const screen = toBinary(HistoryChunkSchema, create(HistoryChunkSchema, { jobId: bytes(jobId), conversations }));
    if (screen.length <= MAX_FIRST_SCREEN_BYTES) return screen;
  }
  return new Uint8Array(0);
}

const bytes = (jobId: string): Uint8Array => fromHex(jobId)!;
