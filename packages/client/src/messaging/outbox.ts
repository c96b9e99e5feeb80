/**
 * The pump: takes what stands in the outbox, in order, seals it and keeps it under way until the server has acknowledged it.
 * Invariants: at most `OUTBOX_WINDOW` frames are under way; what addresses one account (or one device alone) leaves in the order it was written; a row is
 * deleted only by its acknowledgement or by a refusal that repeating cannot change. docs/PROTOCOL.md, "Sending".
 */
import { type AccountId, type BlobId, type DeviceAddress, type DeviceNumber, formatAddress, OperationalError } from "@hawser/base";
import type { PreKeyBundle } from "@hawser/crypto";
import { errorClass, errorName, type SendRejected } from "@hawser/wire";
import {
  KEYLESS_FOR_MS,
  MAX_STALE_CORRECTIONS,
  MAX_WAITS_FOR_KEYS,
  OUTBOX_BATCH,
  OUTBOX_FIRST_RETRY_MS,
  OUTBOX_MAX_RETRY_MS,
  OUTBOX_WINDOW,
  WAIT_FOR_KEYS_MS,
  YOUNG_DEVICE_MS,
} from "../bounds.ts";
import type { BlobTransfer } from "../blobs/transfer.ts";
import { uploadId } from "../chats/send.ts";
import { isTrouble, type RetryPurse } from "../connection/retry-purse.ts";
import { type DeviceLink, isTransient } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type DeviceDirectory, deviceOf } from "../devices/directory.ts";
import type { OutboxRow } from "../store/outbox.ts";
import { parseAccountBytes } from "./content.ts";
import { accountsOf, correctRow, openSessions, type SealOutcome, sealRow } from "./seal.ts";

export interface OutboxPump {
  /** Something was added, or the connection came: start. Cheap and idempotent. */
  wake(): void;
  /** The server has stored what these requests carried. */
  acknowledge(requests: readonly number[]): void;
  rejected(rejection: SendRejected): void;
  /** Everything under way goes out again on the next connection. */
  disconnected(): void;
  /** Welcomed, and this store is no older copy: what waits may leave, without delay. Nothing does before. */
  admitted(): void;
  /** Waits were set by a clock that says something else now. */
  clockLeapt(): void;
  stop(): void;
}

type Bundles = Map<AccountId, Map<DeviceNumber, PreKeyBundle>>;

/** What must keep its order. A device that cannot be reached holds back only what is for it alone. */
const lane = (row: OutboxRow): string => (row.audience === "device" ? formatAddress(row) : row.account);

export function createOutboxPump(
  core: Core,
  link: DeviceLink,
  directory: DeviceDirectory,
  transfer: BlobTransfer,
  purse: RetryPurse,
): OutboxPump {
  const { outbox } = core.store;
  const underWay = new Map<number, number>();
  /** Rows being corrected: neither sent nor corrected a second time meanwhile. */
  const correcting = new Set<number>();
  /** Rows whose blobs are on their way; others go on meanwhile. */
  const uploading = new Set<number>();
  const corrections = new Map<number, number>();
  /** Rows of which the server certainly has nothing: each time one was sent it said no. Of others it may, and its word did not arrive. */
  const notStored = new Set<number>();
  /** Rows that the server could not take: to send one again costs a retry. */
  const troubled = new Set<number>();
  const keyless = new Map<string, number>();
  let lastRequest = 0;
  let running = false;
  let again = false;
  let stopped = false;
  let isAdmitted = false;
  let cancelTimer: (() => void) | undefined;

  const self = (): AccountId => core.identity.requireSelf().account;

  const wake = (): void => {
    if (stopped || !isAdmitted || !link.online || core.identity.phase() !== "ready") return;
    if (running) {
      again = true;
      return;
    }
    running = true;
    void pass()
      .catch((error: unknown) => {
        if (stopped) return;
        core.log({ event: "outbox-pass-failed", error: error instanceof Error ? error.name : "unknown" });
        setTimer(OUTBOX_FIRST_RETRY_MS);
      })
      .finally(() => {
        running = false;
        if (again) {
          again = false;
          wake();
        }
      });
  };

  const setTimer = (delayMs: number): void => {
    cancelTimer?.();
    cancelTimer = core.ports.clock.after(delayMs, wake);
  };

  /** One pass over the outbox: first what needs no network, all in one transaction, then the rest one by one. */
  const pass = async (): Promise<void> => {
    for (;;) {
      const { ready, wakeAfterMs } = candidates();
      if (wakeAfterMs !== undefined) setTimer(wakeAfterMs);
      if (ready.length === 0 || !link.online) return;
      const unsealed = sealTogether(ready);
      const waiting = new Set(unsealed.map((row) => row.row));
      let progress = 0;
      for (const row of ready) if (!waiting.has(row.row) && send(row.row)) progress++;
      const held = new Set<string>();
      for (const row of unsealed) {
        if (held.has(lane(row)) || !link.online) continue;
        if ((await prepare(row)) && send(row.row)) progress++;
        else held.add(lane(row));
      }
      if (progress === 0) return;
    }
  };

  /** Rows that may leave now, in order; a lane with a row that must wait is passed over from there on. */
  const candidates = (): { ready: OutboxRow[]; wakeAfterMs: number | undefined } => {
    const ready: OutboxRow[] = [];
    const held = new Set<string>();
    const sent = new Set(underWay.values());
    const inConflict = core.store.listConflicts.all();
    const nowMs = core.ports.clock.nowMs();
    const room = Math.min(OUTBOX_BATCH, OUTBOX_WINDOW - underWay.size);
    let wakeAfterMs: number | undefined;
    let retries = purse.left();
    let afterRow = 0;
    while (ready.length < room) {
      const page = outbox.list(afterRow, OUTBOX_WINDOW);
      if (page.length === 0) break;
      afterRow = page.at(-1)!.row;
      for (const row of page) {
        if (sent.has(row.row)) continue;
        // Nobody knows which of two lists is the account's own: it waits, and so does what is behind it.
        if (inConflict.size > 0 && accountsOf(row, self()).some((account) => inConflict.has(account))) {
          held.add(lane(row));
          continue;
        }
        // A clock that jumped back must not hold a message for longer than the longest wait.
        const waitMs = Math.min(row.notBeforeMs - nowMs, OUTBOX_MAX_RETRY_MS);
        if (waitMs > 0 || correcting.has(row.row) || held.has(lane(row))) {
          if (waitMs > 0) wakeAfterMs = Math.min(wakeAfterMs ?? waitMs, waitMs);
          held.add(lane(row));
        } else if (row.uploads.length > 0) {
          void upload(row);
          held.add(lane(row));
        } else if (ready.length < room) {
          if (!troubled.has(row.row) || retries-- > 0) ready.push(row);
          else {
            wakeAfterMs = Math.min(wakeAfterMs ?? OUTBOX_MAX_RETRY_MS, Math.max(purse.waitMs(), OUTBOX_FIRST_RETRY_MS));
            held.add(lane(row));
          }
        }
      }
    }
    return { ready, wakeAfterMs };
  };

  const upload = async (row: OutboxRow): Promise<void> => {
    if (uploading.has(row.row)) return;
    uploading.add(row.row);
    try {
      for (const blob of row.uploads) {
        const bytes = core.store.blobs.get(uploadId(blob));
        if (bytes !== undefined) await transfer.upload(blob as BlobId, bytes, "attachment");
        if (stopped) return;
      }
      core.store.atomically(() => {
        outbox.uploaded(row.row);
        for (const blob of row.uploads) core.store.blobs.delete(uploadId(blob));
      });
    } catch (error) {
      refused(row, error);
    } finally {
      uploading.delete(row.row);
      wake();
    }
  };

  /** Seals what needs nothing from the network, in one transaction; the rows that do, and what is behind them, are returned. */
  const sealTogether = (rows: readonly OutboxRow[]): OutboxRow[] => {
    if (rows.every((row) => row.frame !== undefined)) return [];
    const held = new Set<string>();
    return core.store.atomically(() =>
      rows.filter((row) => {
        if (row.frame !== undefined && !held.has(lane(row))) return false;
        if (!held.has(lane(row)) && finish(row, sealRow(core, row))) return false;
        held.add(lane(row));
        return true;
      }),
    );
  };

  /** Takes a seal's outcome in; true when the row is done with (sealed, or nobody to send it to). */
  const finish = (row: OutboxRow, outcome: SealOutcome): boolean => {
    if (outcome.kind === "nobody") complete(row);
    if (outcome.kind === "sealed" && outcome.isFirst) notStored.add(row.row);
    return outcome.kind === "sealed" || outcome.kind === "nobody";
  };

  /** Fetches what is missing and seals; false when the row has to wait. */
  const prepare = async (row: OutboxRow): Promise<boolean> => {
    try {
      const bundles: Bundles = new Map();
      const withoutKeys = new Set<string>();
      // Lists, then sessions, then once more without the devices that have no keys: each round removes one reason.
      for (let round = 0; round < 2 + accountsOf(row, self()).length; round++) {
        const current = outbox.find(row.row);
        if (current === undefined) return true;
        const outcome = core.store.atomically(() =>
          current.frame === undefined
            ? sealRow(core, current, bundles, withoutKeys)
            : correctRow(core, current, bundles, withoutKeys, !notStored.has(row.row)),
        );
        if (finish(current, outcome)) return true;
        if (outcome.kind === "needs-list") await directory.ensure(outcome.account);
        else if (outcome.kind === "needs-sessions") {
          await claimInto(
            bundles,
            outcome.devices.filter((address) => !isKeyless(address)),
          );
          const without = outcome.devices.filter((address) => bundles.get(address.account)?.has(address.device) !== true);
          if (without.length > 0 && row.tries < MAX_WAITS_FOR_KEYS && without.some(isYoung)) {
            core.store.atomically(() => openSessions(core, current, bundles));
            // As it is it will be refused again: waits have a bound of their own.
            corrections.delete(row.row);
            outbox.delay(row.row, core.ports.clock.nowMs() + WAIT_FOR_KEYS_MS, row.tries + 1);
            setTimer(WAIT_FOR_KEYS_MS);
            return false;
          }
          for (const address of without) {
            withoutKeys.add(formatAddress(address));
            keyless.set(formatAddress(address), core.ports.clock.monotonicMs() + KEYLESS_FOR_MS);
          }
        }
      }
      // Nobody it is for has keys on the server yet. A device that has left its list meanwhile never will.
      if (row.audience === "device") await directory.refresh(row.account);
      throw new OperationalError("STORE_UNAVAILABLE", { retry: "now" });
    } catch (error) {
      refused(row, error);
      return false;
    }
  };
  const claimInto = async (bundles: Bundles, devices: readonly DeviceAddress[]): Promise<void> => {
    for (const [account, its] of Map.groupBy(devices, (address) => address.account)) {
      try {
        const claimed = await directory.claim(
          account,
          its.map((address) => address.device),
        );
        bundles.set(account, new Map([...(bundles.get(account) ?? []), ...claimed]));
      } catch (error) {
        // The server's limit must not hold a message back that other devices can read.
        if (!(error instanceof OperationalError) || error.code !== "RATE_LIMITED") throw error;
      }
    }
  };

  /** It had no keys a moment ago: messages go on without it, and nobody asks for each of them. */
  const isKeyless = (address: DeviceAddress): boolean => {
    const untilMs = keyless.get(formatAddress(address));
    if (untilMs === undefined || core.ports.clock.monotonicMs() < untilMs) return untilMs !== undefined;
    keyless.delete(formatAddress(address));
    return false;
  };

  /** A device added a moment ago is still uploading its keys. */
  const isYoung = ({ account, device }: DeviceAddress): boolean => {
    const addedAtMs = deviceOf(directory.latest(account), device)?.addedAtMs;
    return addedAtMs !== undefined && core.timeMs() - Number(addedAtMs) < YOUNG_DEVICE_MS;
  };

  const send = (rowId: number): boolean => {
    const row = outbox.find(rowId);
    if (row?.frame === undefined) return row === undefined;
    lastRequest = (lastRequest % 0xffff_ffff) + 1;
    if (!link.sendSealed(row.frame, lastRequest)) return false;
    if (troubled.has(rowId)) purse.spend();
    underWay.set(lastRequest, rowId);
    return true;
  };

  const complete = (row: OutboxRow): void => {
    outbox.delete(row.row);
    corrections.delete(row.row);
    notStored.delete(row.row);
    if (core.store.messages.raiseStatus(row.messageId, "sent")) {
      core.notify.message(row.messageId, false);
      core.observe.delivered(row, "OK");
    }
    core.notify.changed("outbox");
  };

  const refused = (row: OutboxRow, error: unknown, retryAfterMs = 0): void => {
    if (stopped || (!link.online && isTransient(error))) return;
    if (isTransient(error) || !(error instanceof OperationalError)) {
      const backoffMs = Math.min(OUTBOX_FIRST_RETRY_MS * 2 ** Math.min(row.tries, 16), OUTBOX_MAX_RETRY_MS);
      const asked = error instanceof OperationalError && typeof error.retry === "object" ? error.retry.afterMs : 0;
      const delayMs = Math.max(backoffMs, asked, retryAfterMs);
      outbox.delay(row.row, core.ports.clock.nowMs() + delayMs, row.tries + 1);
      setTimer(delayMs);
      return;
    }
    core.log({ event: "send-refused", error: error.code });
    core.store.atomically(() => {
      outbox.delete(row.row);
      notStored.delete(row.row);
      if (!core.store.messages.raiseStatus(row.messageId, "failed")) return;
      core.notify.message(row.messageId, false);
      core.observe.delivered(row, error.code);
    });
    core.notify.changed("outbox");
  };

  const correct = async (row: OutboxRow): Promise<void> => {
    if (stopped || accountsOf(row, self()).some((account) => core.store.listConflicts.has(account))) return;
    correcting.add(row.row);
    try {
      const tries = (corrections.get(row.row) ?? 0) + 1;
      corrections.set(row.row, tries);
      if (tries > MAX_STALE_CORRECTIONS) {
        corrections.delete(row.row);
        refused(row, new OperationalError("STALE_LIST", { retry: "now" }));
      } else await prepare(row);
    } finally {
      correcting.delete(row.row);
      wake();
    }
  };

  return {
    wake,
    acknowledge(requests) {
      const rows = requests.flatMap((request) => {
        const row = underWay.get(request);
        if (underWay.delete(request)) purse.succeeded(troubled.delete(row!));
        return row === undefined ? [] : (outbox.find(row) ?? []);
      });
      if (rows.length > 0) core.store.atomically(() => rows.forEach(complete));
      wake();
    },
    rejected({ request, failure }) {
      const row = outbox.find(underWay.get(request) ?? -1);
      underWay.delete(request);
      if (row === undefined || failure === undefined) return;
      const code = errorName(failure.error) ?? "INTERNAL";
      if (errorClass(failure.error) === "retry" && isTrouble(code)) troubled.add(row.row);
      const account = parseAccountBytes(failure.accountId);
      if (code === "STALE_LIST" && account !== undefined && accountsOf(row, self()).includes(account)) {
        const theirs = directory.accept(account, failure.lists);
        // The server knows less than this device: tell it, lists prove themselves.
        const told = theirs === "stale" || failure.lists.length === 0 ? directory.teach(account) : Promise.resolve();
        void told.catch(() => undefined).then(() => correct(row));
        return;
      }
      const retry = errorClass(failure.error) === "retry" ? "now" : "never";
      refused(row, new OperationalError(code, { retry }), failure.retryAfterMs);
      wake();
    },
    disconnected() {
      isAdmitted = false;
      keyless.clear();
      for (const row of underWay.values()) notStored.delete(row);
      underWay.clear();
      corrections.clear();
    },
    admitted() {
      isAdmitted = true;
      outbox.retryNow();
      wake();
    },
    clockLeapt() {
      outbox.retryNow();
      wake();
    },
    stop() {
      stopped = true;
      cancelTimer?.();
    },
  };
}
