/**
 * Takes deliveries in, in the order of the mailbox. Invariant: what a delivery changes and the cursor that covers it are committed in one
 * transaction; only then the server hears of the cursor. What is in memory and not committed may be lost at any time: the server
 * repeats it. docs/PROTOCOL.md, "Receiving".
 */
import { type AccountId, messageIdFromBytes } from "@hawser/base";
import type { Delivery } from "@hawser/wire";
import { MAX_RECEIVE_QUEUE, MAX_TIME_MS, RECEIVE_BATCH } from "../bounds.ts";
import { type DeviceLink, isTransient } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import { isJudged } from "../devices/sender-device.ts";
import { isStorageTrouble } from "../store/storage-trouble.ts";
import type { ContentHandler } from "./handle-content.ts";
import { createHeld } from "./held.ts";
import { openDelivery, senderOf } from "./open.ts";
import type { Receipts } from "./receipts.ts";
import type { Resends } from "./resend.ts";

export interface Receiver {
  deliver(deliveries: readonly Delivery[]): void;
  /** A new connection: the server starts again from the cursor. */
  reset(): void;
  /** Asks again for lists of senders whose deliveries are held; on every connection. */
  retryHeld(): void;
  stop(): void;
  /** Deliveries taken and not committed yet. */
  waiting(): number;
}

interface Parts {
  readonly link: DeviceLink;
  readonly directory: DeviceDirectory;
  readonly content: ContentHandler;
  readonly receipts: Receipts;
  readonly resends: Resends;
  /** A line that could not be read is what it should be. Inside its transaction. */
  readonly lineFilled: (order: number) => void;
  /** Shared state that could not be read came after all. Inside its transaction. */
  readonly stateFilled: () => void;
  /** What the server took then can be had of nobody but the own devices. Inside its transaction. */
  readonly lost: (serverTimeMs: number) => void;
}

export function createReceiver(
  core: Core,
  { link, directory, content, receipts, resends, lineFilled, stateFilled, lost }: Parts,
): Receiver {
  let queue: Delivery[] = [];
  let generation = 0;
  let running = false;
  let highest = 0;
  /** Deliveries were dropped: nothing behind them may be committed until the server has repeated them. */
  let dropped = false;
  /** What did not come once, and did not come on the connection after that either: it is not there any more. */
  let missedAt = 0;

  /** Numbers follow one another: a jump means that something was lost on the way, and a new connection brings it again. */
  const isHole = (sequence: number, next: number): boolean => {
    if (sequence === next || missedAt === next) return false;
    missedAt = next;
    core.log({ event: "deliveries-missing", count: sequence - next });
    return true;
  };

  const run = async (): Promise<void> => {
    running = true;
    try {
      while (queue.length > 0) {
        const mine = generation;
        // Only what was looked at is committed: more may have arrived meanwhile, from senders nobody asked for.
        const batch = queue.slice(0, RECEIVE_BATCH);
        const known = await fetchUnknownLists(batch);
        if (mine !== generation) continue;
        if (!known || core.identity.phase() !== "ready") return reconnectLater();
        const cursor = commit(batch);
        queue.splice(0, batch.length);
        link.sendFrame({ type: "cursor", sequence: cursor });
      }
    } catch (error) {
      // The store refused (full, failing): nothing of the batch was committed, so the server keeps it for the next connection.
      core.log({ event: "receive-failed", error: error instanceof Error ? error.name : "unknown" });
      reconnectLater();
    } finally {
      running = false;
    }
  };

  /** Nothing can be taken in now: drop what is in memory; the next connection repeats it from the cursor. */
  const reconnectLater = (): void => {
    queue = [];
    dropped = true;
    link.reconnect();
  };

  const held = createHeld(core, {
    link,
    directory,
    resends,
    wake() {
      try {
        core.store.atomically(() => {
          held.release(takeOne);
          receipts.flush();
        });
      } catch (error) {
        // The store refused: they are held still.
        core.log({ event: "receive-failed", error: error instanceof Error ? error.name : "unknown" });
      }
    },
  });

  /** Asks once for the lists of senders not known yet. False when the connection is gone; whoever cannot be looked up now is held. */
  const fetchUnknownLists = async (batch: readonly Delivery[]): Promise<boolean> => {
    const asked = new Set<AccountId>();
    for (const delivery of batch) {
      const sender = senderOf(delivery);
      if (isJudged(core.store.lists, sender) || asked.has(sender.account)) continue;
      asked.add(sender.account);
      try {
        await directory.refresh(sender.account);
      } catch (error) {
        if (!link.online) return false;
        // The directory is out: it is not asked again for each of the others.
        if (isTransient(error)) return true;
      }
    }
    return true;
  };

  const commit = (batch: readonly Delivery[]): number =>
    core.store.database.transaction(() => {
      held.release(takeOne);
      for (const delivery of batch) takeOne(delivery);
      receipts.flush();
      const { epoch } = core.identity.mailbox();
      const { sequence: cursor, serverTimeMs } = batch.at(-1)!;
      core.identity.setMailbox(epoch, cursor, serverTimeMs);
      return cursor;
    });

  /** One delivery; a fault in it undoes what it did and nothing else. A failing store undoes the batch. */
  const takeOne = (delivery: Delivery): void => {
    const { database } = core.store;
    database.exec("SAVEPOINT delivery");
    try {
      process(delivery);
    } catch (error) {
      // A store that fails now takes it later. Going on would move the cursor past a message that nobody has.
      if (isStorageTrouble(error)) throw error;
      database.exec("ROLLBACK TO delivery");
      core.log({ event: "delivery-failed", error: error instanceof Error ? error.name : "unknown" });
    }
    database.exec("RELEASE delivery");
  };

  const process = (delivery: Delivery): void => {
    const outcome = openDelivery(core, delivery);
    switch (outcome.kind) {
      case "opened": {
        content.handle({ ...outcome, serverTimeMs: delivery.serverTimeMs });
        const { case: kind } = outcome.content.body;
        const missed = resends.answered(outcome.messageId, outcome.sender.account, kind === "nothing");
        if (missed?.order !== undefined) lineFilled(missed.order);
        else if (missed !== undefined && kind === "state") stateFilled();
        break;
      }
      case "undecryptable":
        core.log({ event: "undecryptable", reason: outcome.reason });
        resends.ask(messageIdFromBytes(delivery.messageId), senderOf(delivery), delivery.serverTimeMs);
        break;
      case "unknown-device":
        held.hold(delivery);
        break;
      case "lost":
        core.log({ event: "delivery-refused", reason: outcome.reason });
        if (resends.isAccepted(senderOf(delivery).account)) lost(delivery.serverTimeMs);
        break;
      case "refused":
        core.log({ event: "delivery-refused", reason: outcome.reason });
        break;
      case "duplicate":
    }
  };

  return {
    deliver(deliveries) {
      if (dropped) return;
      const { cursor } = core.identity.mailbox();
      for (const delivery of deliveries) {
        if (delivery.sequence <= Math.max(cursor, highest)) continue;
        // Too much at once: what is not queued must not be skipped by a later cursor, so a new connection asks for it again.
        if (queue.length >= MAX_RECEIVE_QUEUE) return link.reconnect();
        if (isHole(delivery.sequence, Math.max(cursor, highest) + 1)) {
          // What is queued is whole and is taken in; nothing behind the hole is.
          dropped = true;
          link.reconnect();
          break;
        }
        highest = delivery.sequence;
        queue.push(owned(delivery));
      }
      if (!running) void run();
    },
    reset() {
      generation++;
      queue = [];
      dropped = false;
      highest = 0;
    },
    retryHeld: held.retry,
    stop: held.stop,
    waiting: () => queue.length,
  };
}

/** The frame's bytes belong to the transport once this tick is over. */
function owned(delivery: Delivery): Delivery {
  const { senderAccount, messageId, capsule, body } = delivery;
  const serverTimeMs = Math.min(delivery.serverTimeMs, MAX_TIME_MS);
  return {
    ...delivery,
    serverTimeMs,
    senderAccount: senderAccount.slice(),
    messageId: messageId.slice(),
    capsule: capsule.slice(),
    body: body.slice(),
  };
}
