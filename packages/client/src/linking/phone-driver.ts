/**
 * Drives the phone's side: one machine an attempt. Invariants: an attempt's state is on disk before any effect of its step; lists are
 * signed one after another (the client's queue), and an attempt never gets two devices.
 */
import { accountIdToBytes, type AttemptId, type DeviceNumber, equalBytes, OperationalError, toBase64Url } from "@hawser/base";
import { sealDeviceLabel } from "@hawser/crypto";
import {
  type ApprovalFields,
  INITIAL_PHONE,
  parseLinkCode,
  type PhoneEffect,
  type PhoneInput,
  type PhoneState,
  phoneStatus,
  resumePhone,
  runLinkJob,
  stepPhone,
} from "@hawser/linking";
import { DeviceKind, type RendezvousMessage, RevocationReason } from "@hawser/wire";
import type { LinkStatus } from "../api.ts";
import { isTransient, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import type { OwnList } from "../devices/own-list.ts";
import type { SerialQueue } from "../serial-queue.ts";
import { createTimers, type Timers } from "./companion-driver.ts";
import { bytes, type Rendezvous, slotInput } from "./rendezvous.ts";

const SAVED = "phone-links";
/** Attempts at once; a phone shows one, the others end by their deadlines. */
const MAX_ATTEMPTS = 8;

export interface PhoneLinks {
  open(text: string): LinkStatus;
  approve(attempt: AttemptId, deviceName: string | undefined): void;
  reject(attempt: AttemptId): void;
  status(): LinkStatus | undefined;
  cancel(): void;
  resume(): void;
  connected(): void;
  slot(message: RendezvousMessage): void;
  deviceSeen(device: DeviceNumber): void;
  stop(): void;
}

interface Parts {
  readonly link: ServerLink;
  readonly rendezvous: Rendezvous;
  readonly directory: DeviceDirectory;
  readonly ownList: OwnList;
  readonly queue: SerialQueue;
  /** A link is complete: give the new device what it needs. */
  readonly linked: (attempt: AttemptId, device: DeviceNumber) => void;
}

interface Attempt {
  state: PhoneState;
  readonly timers: Timers;
}

export function createPhoneLinks(core: Core, parts: Parts): PhoneLinks {
  const attempts = new Map<string, Attempt>();
  const abandoned = new Set<string>();
  let failuresInARow = 0;
  let newest: LinkStatus | undefined;
  let stopped = false;

  const make = (key: string): Attempt => {
    const attempt: Attempt = {
      state: INITIAL_PHONE,
      timers: createTimers(core.ports.clock, (timer) => input(key, { type: "timer", timer })),
    };
    attempts.set(key, attempt);
    return attempt;
  };
  const input = (key: string, given: PhoneInput): void => {
    const attempt = attempts.get(key);
    if (attempt === undefined || stopped) return;
    take(key, attempt, stepPhone(attempt.state, given, core.pairContext()));
  };
  const take = (
    key: string,
    attempt: Attempt,
    step: { readonly state: PhoneState; readonly effects: readonly PhoneEffect<PhoneState>[] },
  ): void => {
    const before = attempt.state;
    attempt.state = step.state;
    core.observe.phone(key, before, step.state);
    const { kind } = step.state;
    // The final state keeps no secrets, so who was linked stands in the one before. Told before the final state is stored: a phone that
    // dies in between tells it again.
    const id = phoneStatus(before).attempt;
    if (before.kind !== kind && kind === "active" && before.approval !== undefined && id !== undefined)
      parts.linked(id, before.approval.device as DeviceNumber);
    for (const effect of step.effects) run(key, attempt, effect);
    if (before.kind === kind || (kind !== "active" && kind !== "failed")) return;
    failuresInARow = step.state.failuresInARow;
    attempt.timers.stop();
    attempts.delete(key);
    save();
  };
  const save = (): void => core.store.kv.setJson(SAVED, Object.fromEntries([...attempts].map(([key, { state }]) => [key, state])));

  const run = (key: string, attempt: Attempt, effect: PhoneEffect<PhoneState>): void => {
    const answer = (given: PhoneInput): void => input(key, given);
    switch (effect.type) {
      case "persist":
        return save();
      case "crypto":
        void runLinkJob(core.ports.primitives, effect.job).then((result) =>
          answer({ type: "crypto-result", effectId: effect.effectId, result }),
        );
        return;
      case "rendezvous-put":
        return parts.rendezvous.put(effect, answer);
      case "rendezvous-watch":
        return parts.rendezvous.watch(effect, answer);
      case "rendezvous-leave":
        return parts.rendezvous.leave(effect.rendezvousId);
      case "set-timer":
        return attempt.timers.set(effect.timer, effect.afterMs);
      case "clear-timer":
        return attempt.timers.clear(effect.timer);
      case "status":
        newest = effect.status;
        return core.notify.emit({ type: "link", link: effect.status });
      case "sign-list":
        void signList(effect).then((result) => answer({ type: "list-signed", effectId: effect.effectId, result }));
        return;
      case "check-activity":
        void everConnected(effect.device).then((everConnectedNow) =>
          answer({ type: "activity", effectId: effect.effectId, everConnected: everConnectedNow }),
        );
        return;
      case "undo-list":
        void undo(effect.attemptId).then((done) => answer({ type: "list-undone", effectId: effect.effectId, done }));
    }
  };

  const deviceOfAttempt = (attemptId: string) => {
    const list = parts.directory.latest(core.identity.requireSelf().account);
    return list?.list.devices.find((device) => equalBytes(device.attemptId, bytes(attemptId)));
  };

  const signList = async (
    effect: Extract<PhoneEffect<PhoneState>, { type: "sign-list" }>,
  ): Promise<Extract<PhoneInput, { type: "list-signed" }>["result"]> => {
    try {
      return { ok: true, approval: await parts.queue.run(() => addDevice(effect)) };
    } catch (error) {
      core.log({ event: "sign-list-failed", error: error instanceof OperationalError ? error.code : "unknown" });
      if (error instanceof OperationalError && error.code === "DEVICE_LIMIT") return { ok: false, error: "DEVICE_LIMIT" };
      return { ok: false, error: isTransient(error) ? "RETRY" : "LIST_INVALID" };
    }
  };

  const addDevice = async (effect: Extract<PhoneEffect<PhoneState>, { type: "sign-list" }>): Promise<ApprovalFields> => {
    const self = core.identity.requirePhone();
    if (abandoned.has(effect.attemptId)) throw new OperationalError("LIST_INVALID");
    if (deviceOfAttempt(effect.attemptId) === undefined) {
      await parts.directory.refresh(self.account);
      const { primitives, random } = core.ports;
      const signingKey = bytes(effect.signingKey);
      const sealedLabel = sealDeviceLabel(primitives, core.identity.stateKey(), signingKey, effect.deviceName, { random });
      const device = {
        kind: DeviceKind.COMPANION,
        signingKey,
        dhKey: bytes(effect.dhKey),
        attemptId: bytes(effect.attemptId),
        sealedLabel,
      };
      core.store.atomically(() => parts.ownList.extend({ add: [device] }));
    }
    // The companion staples the list as well: whichever arrives first.
    void parts.ownList.publish().catch(() => undefined);
    return {
      device: deviceOfAttempt(effect.attemptId)!.number,
      lists: core.store.lists
        .chain(self.account, 0)
        .map((entry) => ({ payload: toBase64Url(entry.payload), signature: toBase64Url(entry.signature) })),
      stateKey: toBase64Url(core.identity.stateKey()),
      handle: self.handle,
      displayName: self.displayName,
      phoneDevice: self.device,
    };
  };

  const undo = async (attemptId: string): Promise<boolean> => {
    abandoned.add(attemptId);
    try {
      return await parts.queue.run(async () => {
        const device = deviceOfAttempt(attemptId);
        if (device !== undefined) await parts.ownList.revoke(device.number as DeviceNumber, RevocationReason.LINK_UNDONE);
        return true;
      });
    } catch {
      return false;
    }
  };

  const everConnected = async (device: number): Promise<boolean | undefined> => {
    try {
      const { devices } = await parts.link.request("getDeviceActivity", {});
      return devices.some((seen) => seen.device === device && (seen.connected || seen.lastSeenMs > 0n));
    } catch {
      return undefined;
    }
  };

  const keyOf = (attempt: AttemptId): string => {
    for (const [key, { state }] of attempts) if (phoneStatus(state).attempt === attempt) return key;
    throw new OperationalError("CODE_EXPIRED");
  };

  return {
    open(text) {
      const self = core.identity.requirePhone();
      const parsed = parseLinkCode(text, core.ports.origin);
      if (!parsed.ok) throw new OperationalError(parsed.error.kind);
      const key = parsed.value.rendezvousId;
      if (!attempts.has(key)) {
        if (attempts.size >= MAX_ATTEMPTS) throw new OperationalError("RATE_LIMITED", { retry: { afterMs: 10_000 } });
        make(key);
        const account = { accountId: toBase64Url(accountIdToBytes(self.account)), handle: self.handle, origin: core.ports.origin };
        input(key, { type: "scan", code: parsed.value, account, failuresInARow });
      }
      const opened = attempts.get(key);
      if (opened === undefined) throw new OperationalError("CODE_EXPIRED");
      return phoneStatus(opened.state);
    },
    approve: (attempt, deviceName) => input(keyOf(attempt), { type: "approve", ...(deviceName === undefined ? {} : { deviceName }) }),
    reject: (attempt) => input(keyOf(attempt), { type: "reject" }),
    status() {
      const last = [...attempts.values()].at(-1);
      return last === undefined ? newest : phoneStatus(last.state);
    },
    cancel() {
      for (const key of attempts.keys()) input(key, { type: "cancel" });
      newest = undefined;
    },
    resume() {
      const saved = core.store.kv.getJson<Record<string, PhoneState>>(SAVED) ?? {};
      for (const [key, state] of Object.entries(saved)) {
        if (attempts.has(key)) continue;
        const attempt = make(key);
        take(key, attempt, resumePhone({ ...INITIAL_PHONE, ...state }, core.pairContext()));
      }
    },
    connected() {
      for (const key of attempts.keys()) input(key, { type: "connected" });
    },
    slot(message) {
      const given = slotInput(message);
      input(given.rendezvousId, given);
    },
    deviceSeen(device) {
      for (const key of attempts.keys()) input(key, { type: "device-seen", device });
    },
    stop() {
      stopped = true;
      for (const { timers } of attempts.values()) timers.stop();
    },
  };
}
