/**
 * "A device was added", "a device was removed": said on every own device until somebody of the account answers on one of them. Invariants:
 * an alert comes from the signed lists alone, so no server and no device can keep it back or make one up; a new device answers for nothing
 * that concerns itself or devices before it; only the phone removes, a companion asks it to. docs/PROTOCOL.md, "Device alerts".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DeviceNumber, OperationalError, parseDeviceNumber } from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { AlertAnswer, AlertStateSchema, type Device, DeviceKind, RevocationReason } from "@hawser/wire";
import type { DeviceAlert } from "../api.ts";
import { MAX_DEVICE_ALERTS, REMOVAL_UNDO_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { deviceChanges } from "./device-changes.ts";
import { deviceOf } from "./directory.ts";

const SAVED = "device-alerts";

interface StoredAlert {
  readonly kind: DeviceAlert["kind"];
  readonly device: DeviceNumber;
  readonly name: string;
  readonly role: DeviceAlert["role"];
  readonly atMs: number;
  readonly byName: string | undefined;
}

export interface DeviceAlerts {
  /** The own list went on. Inside the transaction that stores it. */
  listsAdvanced(before: VerifiedDeviceList, lists: readonly VerifiedDeviceList[]): void;
  /** Oldest first. */
  open(): readonly DeviceAlert[];
  answer(id: string, answer: "known" | "remove" | "undo"): void;
  /** Whether `writer` may answer this alert: neither the device it is about nor one that came after it, unless a phone. */
  mayAnswer(id: string, writer: number): boolean;
  /** Another device's answer has won. Inside the delivery's transaction. */
  answered(id: string): void;
  /** On start and on every connection: removals that are due. */
  resume(): void;
  stop(): void;
}

interface Parts {
  nameOf(device: Device): string;
  /** Stamps and shares an answer. Inside a transaction. */
  share(id: string, value: Uint8Array): void;
  revoke(device: DeviceNumber, reason: RevocationReason): Promise<void>;
}

const idOf = ({ kind, device }: Pick<StoredAlert, "kind" | "device">): string => `${kind}/${device}`;

/** Parses an id that came from outside. */
function subjectOf(id: string): { readonly kind: DeviceAlert["kind"]; readonly device: DeviceNumber } | undefined {
  const [, kind, number] = /^(added|removed)\/([1-9]\d{0,9})$/.exec(id) ?? [];
  const device = parseDeviceNumber(Number(number));
  return kind === undefined || device === undefined ? undefined : { kind: kind as DeviceAlert["kind"], device };
}

export function createDeviceAlerts(core: Core, parts: Parts): DeviceAlerts {
  const { store, identity, notify } = core;
  const removals = new Map<string, () => void>();
  let stopped = false;

  const stored = (): readonly StoredAlert[] => store.kv.getJson<StoredAlert[]>(SAVED) ?? [];
  const save = (alerts: readonly StoredAlert[]): void => {
    if (alerts.length === 0) store.kv.delete(SAVED);
    else store.kv.setJson(SAVED, alerts.slice(-MAX_DEVICE_ALERTS));
    notify.changed("state");
  };
  const answerTo = (id: string): { readonly answer: AlertAnswer; readonly answeredAtMs: number } | undefined => {
    const entry = store.stateEntries.find("alert", id);
    if (entry === undefined) return undefined;
    try {
      const { answer, answeredAtMs } = fromBinary(AlertStateSchema, entry.value);
      return { answer, answeredAtMs: Number(answeredAtMs) };
    } catch {
      return undefined;
    }
  };
  const isRemoving = (id: string): boolean => answerTo(id)?.answer === AlertAnswer.REMOVE;

  // JSON keeps no `undefined`.
  const view = (alert: StoredAlert): DeviceAlert => ({
    id: idOf(alert),
    ...alert,
    byName: alert.byName,
    removing: isRemoving(idOf(alert)),
  });

  const write = (id: string, answer: AlertAnswer): void =>
    store.atomically(() => {
      const value = create(AlertStateSchema, { answer, answeredAtMs: BigInt(Math.floor(core.timeMs())) });
      parts.share(id, toBinary(AlertStateSchema, value));
      answered(id);
    });

  const answered = (id: string): void => {
    const answer = answerTo(id)?.answer;
    if (answer === AlertAnswer.KNOWN) save(stored().filter((alert) => idOf(alert) !== id));
    else notify.changed("state");
    // In a later tick: this may be inside a delivery's transaction.
    void Promise.resolve().then(considerRemovals);
  };

  /** The phone does what was asked, after a moment in which it can be taken back. */
  const considerRemovals = (): void => {
    if (stopped || identity.self()?.role !== "phone") return;
    for (const alert of stored()) {
      const id = idOf(alert);
      const wanted = alert.kind === "added" && alert.role === "companion" && isRemoving(id);
      if (!wanted) {
        removals.get(id)?.();
        removals.delete(id);
      } else if (!removals.has(id)) {
        removals.set(
          id,
          core.ports.clock.after(REMOVAL_UNDO_MS, () => void remove(id, alert.device)),
        );
      }
    }
  };
  const remove = async (id: string, device: DeviceNumber): Promise<void> => {
    removals.delete(id);
    if (stopped || identity.self()?.role !== "phone" || !isRemoving(id)) return;
    try {
      await parts.revoke(device, RevocationReason.BY_USER);
    } catch (error) {
      // Repeated on the next connection.
      core.log({ event: "removal-failed", error: error instanceof OperationalError ? error.code : "unknown" });
    }
  };

  return {
    listsAdvanced(before, lists) {
      const self = identity.self();
      if (self === undefined) return;
      let alerts = stored();
      const fresh: StoredAlert[] = [];
      for (const { kind, device, atMs, by, undone } of deviceChanges(before, lists)) {
        const about = device.number as DeviceNumber;
        const wasAsked = isRemoving(`added/${about}`);
        if (kind === "removed") alerts = alerts.filter((alert) => alert.kind !== "added" || alert.device !== about);
        // What was decided here, or on demand of a person of this account, is no news.
        if (undone || about === self.device || (kind === "removed" && (by === self.device || wasAsked))) continue;
        if (answerTo(`${kind}/${about}`)?.answer === AlertAnswer.KNOWN) continue;
        const decider = [...lists, before].map((list) => deviceOf(list, by ?? about)).find((found) => found?.number === by);
        const alert: StoredAlert = {
          kind,
          device: about,
          name: parts.nameOf(device),
          role: device.kind === DeviceKind.PHONE ? "phone" : "companion",
          atMs,
          byName: decider === undefined ? undefined : parts.nameOf(decider),
        };
        alerts = [...alerts, alert];
        fresh.push(alert);
      }
      save(alerts);
      // An addition that is undone in the same breath was never news.
      const kept = new Set(alerts);
      for (const alert of fresh) if (kept.has(alert)) notify.emit({ type: "device-alert", alert: view(alert) });
      void Promise.resolve().then(considerRemovals);
    },
    open: () => stored().map(view),
    answer(id, answer) {
      const alert = stored().find((candidate) => idOf(candidate) === id);
      if (alert === undefined) throw new OperationalError("UNKNOWN_DEVICE");
      const isRemovable = alert.kind === "added" && alert.role === "companion";
      if (answer !== "known" && !isRemovable) throw new OperationalError("WRONG_ROLE");
      write(id, answer === "known" ? AlertAnswer.KNOWN : answer === "remove" ? AlertAnswer.REMOVE : AlertAnswer.OPEN);
    },
    mayAnswer(id, writer) {
      const subject = subjectOf(id);
      if (subject === undefined || writer === subject.device) return false;
      if (subject.kind === "removed" || writer < subject.device) return true;
      return deviceOf(store.lists.latest(identity.requireSelf().account), writer as DeviceNumber)?.kind === DeviceKind.PHONE;
    },
    answered,
    resume: considerRemovals,
    stop() {
      stopped = true;
      for (const cancel of removals.values()) cancel();
    },
  };
}
