/** Both directions of history behind one face: which device to ask, what a screen shows. */
import {
  type AccountId,
  type AttemptId,
  type ConversationId,
  type DeviceAddress,
  type DeviceNumber,
  OperationalError,
  toHex,
} from "@hawser/base";
import { ARCHIVE_AFTER_MS, ASK_AGAIN_AFTER_MS, orderSources } from "@hawser/sync";
import { DeviceKind, type HistoryMessageToSource } from "@hawser/wire";
import type { HistoryStatus } from "../api.ts";
import { ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { DeviceLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import type { HistoryPeople } from "./chunk-fetcher.ts";
import type { HistoryPort } from "../messaging/handle-content.ts";
import { openHistoryReader, openHistoryWriter } from "../store/history-rows.ts";
import { type Archive, createArchive } from "./archive.ts";
import { createHandingOn } from "./handing-on.ts";
import { createHistorySinks } from "./sink-driver.ts";
import { createHistorySources } from "./source-driver.ts";
import { ARCHIVE_SOURCE, type HistoryPart } from "./stored-job.ts";

export interface History extends HistoryPort {
  readonly archive: Archive;
  /** A companion became active: hand it everything. The attempt's id is the job's, so that this happens once. */
  linked(attempt: AttemptId, device: DeviceNumber): void;
  /** A conversation was imported: the other own devices want it too. */
  imported(conversation: ConversationId): void;
  /** Another own device lacks what was written since then. */
  give(device: DeviceNumber, afterMs: number): void;
  request(conversation: ConversationId | undefined): void;
  /** Something may be missing: a restored account. */
  refill(): void;
  /** A line that could not be read is what it should be. Inside its transaction. */
  lineFilled(order: number): void;
  /** Shared state that could not be read came after all. Inside its transaction. */
  stateFilled(): void;
  /** Deliveries were dropped (mailbox overflow, a mailbox begun anew, an older copy): says so, and asks for what is missing since then. */
  gap(afterMs: number): void;
  /** The store is an older copy: what jobs here did since is not known. Those that came are dropped, those that leave begin anew. */
  restart(): void;
  resume(): void;
  /** An own device said something: it is there to be asked. Inside the delivery's transaction. */
  deviceSeen(device: DeviceNumber): void;
  ownDevicesChanged(): void;
  status(): HistoryStatus;
  stop(): void;
}

export function createHistory(
  core: Core,
  link: DeviceLink,
  directory: DeviceDirectory,
  transfer: BlobTransfer,
  wantsState: (device: DeviceNumber) => void,
  people: HistoryPeople,
  shared: { readonly archive: (value: Uint8Array) => void; readonly askRead: () => void },
  /** What was missing came, or will not come. Inside a transaction. */
  gapFilled: () => void,
): History {
  const parts = {
    database: core.store.database,
    messages: core.store.messages,
    conversations: core.store.conversations,
    unread: core.store.unread,
    historyJobs: core.store.historyJobs,
  };
  const reader = openHistoryReader(parts);
  const sources = createHistorySources(core, reader, transfer);
  const archive = createArchive(core, { link, directory, transfer, reader, share: shared.archive });
  const own = (): AccountId => core.identity.requireSelf().account;
  const listed = (device: number): boolean => directory.latest(own())?.list.devices.some(({ number }) => number === device) === true;
  /** When the server last saw each own device; asked for while history is wanted. */
  let activity: ReadonlyMap<number, number> = new Map();

  const candidates = (part?: HistoryPart): number[] => {
    const self = core.identity.requireSelf();
    const others = directory.latest(self.account)?.list.devices.filter((device) => device.number !== self.device) ?? [];
    const devices = orderSources(
      others.map(({ number, kind }) => ({ device: number, phone: kind === DeviceKind.PHONE, activeAtMs: activity.get(number) })),
    );
    if (!archive.readable() || (part !== undefined && "conversation" in part)) return devices;
    // For everything it needs nobody's device; for a gap it comes last, because the newest may not be in it yet.
    return part === undefined ? [ARCHIVE_SOURCE, ...devices] : [...devices, ARCHIVE_SOURCE];
  };
  const source = (part?: HistoryPart): DeviceNumber | undefined => candidates(part)[0] as DeviceNumber | undefined;
  const sinks = createHistorySinks(core, {
    writer: openHistoryWriter(parts, (entry) => ({ outgoing: entry.outgoing }), core.identity.noteNews),
    transfer,
    people,
    archive,
    askRead: shared.askRead,
    candidates,
    isFirstHistory(jobId) {
      const { account, device } = core.identity.requireSelf();
      const entry = directory.latest(account)?.list.devices.find(({ number }) => number === device);
      return entry !== undefined && toHex(entry.attemptId) === jobId;
    },
    online: () => link.online,
    settled() {
      handingOn.settled();
      gapFilled();
    },
  });
  const handingOn = createHandingOn(core, { sources, listed, receiving: sinks.receiving, giveState: wantsState });

  /** A device that waits for something itself cannot say that there is nothing older. */
  const hasLess = (conversation: string): boolean =>
    core.identity.settling() || core.store.conversations.find(conversation as ConversationId)?.history_complete === 0;
  const toSource = ({ message }: HistoryMessageToSource, from: DeviceAddress): void => {
    if (message.value === undefined || message.value.jobId.length !== 16) return;
    const jobId = toHex(message.value.jobId);
    const { device } = from;
    // Inside the delivery's transaction: machines run in a later tick.
    const later = (work: () => void): void => void Promise.resolve().then(() => core.identity.phase() === "ready" && work());
    switch (message.case) {
      case "request": {
        const request = message.value;
        later(() => {
          // What a device said before it was removed is still read; it is given nothing.
          if (!listed(device)) return;
          if (!request.anyway && !sources.serves(jobId) && hasLess(request.conversationId)) return sources.decline(jobId, device);
          handingOn.served(device);
          sources.request(request, jobId, device);
          if (request.conversationId === "" && request.nextIndex === 0) wantsState(device);
        });
        return;
      }
      case "progress": {
        const { nextIndex, missing } = message.value;
        return later(() => sources.progress(jobId, device, nextIndex, missing));
      }
      case "cancel":
        return later(() => sources.cancel(jobId, device));
    }
  };

  const refill = (): void => {
    const from = source();
    if (from !== undefined) sinks.ask(from);
    // Nobody can tell: whoever is not known here is a stranger.
    else core.identity.setSettling(false);
  };
  /** It came, is on its way or asked for: everything, and not one chat of it. */
  const awaitsAll = (): boolean => {
    const status = sinks.status();
    return status !== undefined && (status.kind !== "running" || status.conversation === undefined);
  };
  const learnActivity = async (): Promise<void> => {
    if (sinks.status()?.kind !== "running" && !core.identity.settling()) return;
    const seen = await link.request("getDeviceActivity", {}).catch(() => undefined);
    if (seen !== undefined) activity = new Map(seen.devices.map(({ device, lastSeenMs }) => [device, Number(lastSeenMs)]));
  };
  /** A new device is handed history unasked. When nothing came in this time, it asks. */
  let cancelAsking: (() => void) | undefined;

  return {
    archive,
    fromSource: (message, from) => sinks.take(message, from.device),
    toSource,
    linked(attempt, device) {
      // What is not here yet another device has: whoever took this for everything would be left without it when this device leaves.
      if (core.identity.settling()) return sources.decline(attempt, device);
      handingOn.served(device);
      sources.begin(attempt, device, { kind: "all" });
    },
    imported(conversation) {
      const self = core.identity.requireSelf();
      const beforeMs = core.store.messages.lastOrder(core.store.conversations.find(conversation)?.row ?? -1) / ORDER_STEPS_PER_MS + 1;
      for (const device of directory.latest(self.account)?.list.devices ?? []) {
        if (device.number === self.device) continue;
        sources.begin(toHex(core.ports.random.bytes(16)), device.number as DeviceNumber, { kind: "conversation", conversation, beforeMs });
      }
    },
    give(device, afterMs) {
      if (listed(device)) sources.begin(toHex(core.ports.random.bytes(16)), device, { kind: "since", afterMs });
    },
    request(conversation) {
      const from = source(conversation === undefined ? undefined : { conversation, beforeMs: 0 });
      if (from === undefined) throw new OperationalError("UNKNOWN_DEVICE");
      if (sinks.askAgain(conversation)) return;
      if (conversation === undefined) return sinks.ask(from);
      const row = core.store.conversations.find(conversation)?.row;
      const oldest = core.store.database
        .prepare("SELECT min(order_key) AS oldest FROM messages WHERE conversation = ?")
        .get<{ oldest: number | null }>(row ?? -1)?.oldest;
      sinks.ask(from, { conversation, beforeMs: oldest === null || oldest === undefined ? 0 : Math.ceil(oldest / ORDER_STEPS_PER_MS) });
    },
    gap(afterMs) {
      core.notify.changed("state");
      const from = source({ afterMs });
      // A new device is handed everything anyway. Without another device the gap stays noted, until there is one.
      if (from === undefined || core.identity.settling()) return;
      core.store.atomically(() => {
        sinks.ask(from, { afterMs });
        core.identity.gapAsked();
      });
    },
    restart() {
      sinks.restart();
      sources.restart();
    },
    refill,
    lineFilled: handingOn.lineFilled,
    stateFilled: handingOn.stateFilled,
    resume() {
      handingOn.handOn();
      sources.resume();
      sinks.resume();
      sinks.sourcesChanged(listed);
      void learnActivity();
      cancelAsking?.();
      archive.connected();
      const patienceMs = archive.readable() ? ARCHIVE_AFTER_MS : ASK_AGAIN_AFTER_MS;
      cancelAsking = core.ports.clock.after(patienceMs, () => {
        if (core.identity.settling() && !awaitsAll()) refill();
      });
    },
    ownDevicesChanged() {
      const devices = directory.latest(own())?.list.devices ?? [];
      sources.dropDevicesExcept(new Set(devices.map((device) => device.number)));
      sinks.sourcesChanged(listed);
      archive.devicesChanged();
    },
    deviceSeen: sinks.seen,
    status: () => sinks.status() ?? sources.status() ?? { kind: "none" },
    stop() {
      cancelAsking?.();
      archive.stop();
      sources.stop();
      sinks.stop();
    },
  };
}
