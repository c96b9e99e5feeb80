/**
 * Drives the phone's side: one machine an attempt. Invariants: an attempt's state is on disk before any effect of its step; lists are
 * signed one after another (the client's queue), and an attempt never gets two devices.
 */
import {
  type AccountId,
  accountIdToBytes,
  type AttemptId,
  type DeviceNumber,
  equalBytes,
  OperationalError,
  toBase64Url,
} from "@hawser/base";
import { sealDeviceLabel } from "@hawser/crypto";
import {
  type AccountPasskeys,
  type ApprovalFields,
  INITIAL_PHONE,
  type LinkCodeParts,
  parseLinkCode,
  type PhoneEffect,
  type PhoneInput,
  type PhoneState,
  phoneStatus,
  resumePhone,
  runLinkJob,
  stepPhone,
} from "@hawser/linking";
import { type AdmissionPlace, DeviceKind, MAX_COMPANIONS, type RendezvousMessage, RevocationReason } from "@hawser/wire";
import type { LinkStatus } from "../api.ts";
import { isTransient, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { Route } from "../outcomes/attempts.ts";
import type { DeviceCapsules } from "../devices/device-capsule.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import { everConnected } from "../devices/ever-connected.ts";
import type { OwnList } from "../devices/own-list.ts";
import { handedLists } from "../devices/whole-chain.ts";
import type { SerialQueue } from "../serial-queue.ts";
import { createPhoneCouriers } from "./phone-couriers.ts";
import { bytes, placeInput, type Rendezvous, slotInput } from "./rendezvous.ts";
import { createTimers, type Timers } from "./timers.ts";

const SAVED = "phone-links";
/** Attempts at once; a phone shows one, the others end by their deadlines. */
const MAX_ATTEMPTS = 8;

export interface PhoneLinks {
  open(text: string): LinkStatus;
  /** Letters from a companion's screen. */
  openTyped(text: string): LinkStatus;
  /** A code for a companion's camera; its status has the text. */
  showReverse(): LinkStatus;
  approve(attempt: AttemptId, options?: ApproveOptions): void;
  reject(attempt: AttemptId, reason?: "DEVICE_LIMIT"): void;
  status(): LinkStatus | undefined;
  cancel(): void;
  resume(): void;
  connected(): void;
  slot(message: RendezvousMessage): void;
  /** Where a link stands that waits for its turn. */
  place(told: AdmissionPlace): void;
  deviceSeen(device: DeviceNumber): void;
  /** An attempt that has not ended has put the device on the list. */
  isUnderWay(device: DeviceNumber): boolean;
  stop(): void;
}

export interface ApproveOptions {
  readonly deviceName?: string;
  /** This device of the list has lost its store: it gets its identity back, and nothing is signed. */
  readonly restore?: DeviceNumber;
  /** This companion is revoked by the list that adds the new one. */
  readonly remove?: DeviceNumber;
  /** It may become a phone, and gets the account's key. Never by mistake: without it such a request is refused. */
  readonly newPhone?: boolean;
  /** The digits, read from the other screen. */
  readonly typedCode?: string;
}

interface Parts {
  readonly link: ServerLink;
  readonly rendezvous: Rendezvous;
  readonly directory: DeviceDirectory;
  readonly ownList: OwnList;
  readonly capsules: DeviceCapsules;
  /** What opens the account's archive, where there is one. */
  readonly archive: () => Uint8Array | undefined;
  readonly queue: SerialQueue;
  readonly passkeys: () => AccountPasskeys | undefined;
  /** A link is complete: give the new device what it needs. */
  readonly linked: (attempt: AttemptId, device: DeviceNumber) => void;
}

/** `route` is absent in what releases before kept. */
type Saved = PhoneState & { readonly route?: Route };

interface Attempt {
  state: PhoneState;
  readonly route: Route;
  readonly timers: Timers;
}

export function createPhoneLinks(core: Core, parts: Parts): PhoneLinks {
  const attempts = new Map<string, Attempt>();
  const abandoned = new Set<string>();
  let failuresInARow = 0;
  let newest: LinkStatus | undefined;
  let stopped = false;
  const couriers = createPhoneCouriers(core, {
    rendezvous: parts.rendezvous,
    open: (code, way) => void openCode(code, way),
    failuresInARow: () => failuresInARow,
    failed: (count) => (failuresInARow = count),
    status(status) {
      newest = status;
      core.notify.emit({ type: "link", link: status });
    },
  });

  const make = (key: string, route: Route): Attempt => {
    const attempt: Attempt = {
      state: INITIAL_PHONE,
      route,
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
    core.observe.phone(key, before, step.state, attempt.route);
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
  const save = (): void =>
    core.store.kv.setJson(SAVED, Object.fromEntries([...attempts].map(([key, { state, route }]) => [key, { ...state, route }])));

  const run = (key: string, attempt: Attempt, effect: PhoneEffect<PhoneState>): void => {
    const answer = (given: PhoneInput): void => input(key, given);
    switch (effect.type) {
      case "persist":
        return save();
      case "crypto":
        void runLinkJob(core.ports.primitives, effect.job, core.ports.verifyP256).then((result) =>
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
        void everConnected(parts.link, effect.device as DeviceNumber).then((everConnectedNow) =>
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
      const code = error instanceof OperationalError ? error.code : undefined;
      if (code === "DEVICE_LIMIT" || code === "LIST_CHAIN_FULL") return { ok: false, error: code };
      return { ok: false, error: isTransient(error) ? "RETRY" : "LIST_INVALID" };
    }
  };

  const addDevice = async (effect: Extract<PhoneEffect<PhoneState>, { type: "sign-list" }>): Promise<ApprovalFields> => {
    const self = core.identity.requirePhone();
    if (abandoned.has(effect.attemptId)) throw new OperationalError("LIST_INVALID");
    if (effect.restore !== 0) return restoreDevice(effect.restore as DeviceNumber);
    if (deviceOfAttempt(effect.attemptId) === undefined) {
      await parts.directory.refresh(self.account);
      const { primitives, random } = core.ports;
      const signingKey = bytes(effect.signingKey);
      const sealedLabel = sealDeviceLabel(primitives, core.identity.stateKey(), signingKey, effect.deviceName, { random });
      const device = {
        kind: effect.kind === "phone" ? DeviceKind.PHONE : DeviceKind.COMPANION,
        signingKey,
        dhKey: bytes(effect.dhKey),
        attemptId: bytes(effect.attemptId),
        sealedLabel,
      };
      // It may be gone already: signed away in a list of this phone that another phone's list overtook.
      const leaves = companionsOf(self.account).find(({ number }) => number === effect.remove);
      const revoke = leaves === undefined ? [] : [{ device: leaves.number, by: self.device, reason: RevocationReason.BY_USER }];
      core.store.atomically(() => parts.ownList.extend({ add: [device], revoke }));
    }
    // With two phones (one moves to the other) both may sign at once: what is handed out has to be the one that won.
    if (phonesOf(self.account) > 1) {
      await parts.ownList.publish();
      if (deviceOfAttempt(effect.attemptId) === undefined) throw new OperationalError("LIST_CONFLICT", { retry: "now" });
    }
    // The companion staples the list as well: whichever arrives first.
    else void parts.ownList.publish().catch(() => undefined);
    const accountSeed = core.identity.accountSeed();
    const device = deviceOfAttempt(effect.attemptId)!;
    if (device.kind !== DeviceKind.PHONE || accountSeed === undefined) return approvalOf(device.number);
    return { ...approvalOf(device.number), accountSeed: toBase64Url(accountSeed) };
  };

  const devicesOf = (account: AccountId, wanted: DeviceKind) =>
    parts.directory.latest(account)?.list.devices.filter(({ kind }) => kind === wanted) ?? [];
  const phonesOf = (account: AccountId): number => devicesOf(account, DeviceKind.PHONE).length;
  const companionsOf = (account: AccountId) => devicesOf(account, DeviceKind.COMPANION);

  const approvalOf = (device: number): ApprovalFields => {
    const self = core.identity.requirePhone();
    const archive = parts.archive();
    return {
      device,
      lists: handedLists(core.store.lists.chain(self.account, 0)).map((entry) => ({
        payload: toBase64Url(entry.payload),
        signature: toBase64Url(entry.signature),
      })),
      stateKey: toBase64Url(core.identity.stateKey()),
      handle: self.handle,
      displayName: self.displayName,
      phoneDevice: self.device,
      ...(archive === undefined ? {} : { archive: toBase64Url(archive) }),
    };
  };

  /** Its entry stays as it is. What was agreed with it in sessions is gone with its store. */
  const restoreDevice = async (device: DeviceNumber): Promise<ApprovalFields> => {
    const { signSeed, dhSecret } = await parts.capsules.open(device);
    const { account } = core.identity.requirePhone();
    core.store.atomically(() => core.store.sessions.delete({ account, device }));
    return { ...approvalOf(device), restored: { signingSeed: toBase64Url(signSeed), dhSecret: toBase64Url(dhSecret) } };
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

  const keyOf = (attempt: AttemptId): string => {
    for (const [key, { state }] of attempts) if (phoneStatus(state).attempt === attempt) return key;
    throw new OperationalError("CODE_EXPIRED");
  };

  /** However the code came here: the same code is the same attempt. */
  const openCode = (code: LinkCodeParts, route: Route): LinkStatus => {
    const self = core.identity.requirePhone();
    const key = code.rendezvousId;
    if (!attempts.has(key)) {
      if (attempts.size >= MAX_ATTEMPTS) throw new OperationalError("RATE_LIMITED", { retry: { afterMs: 10_000 } });
      make(key, route);
      const account = { accountId: toBase64Url(accountIdToBytes(self.account)), handle: self.handle, origin: core.ports.origin };
      const passkeys = parts.passkeys();
      const full = companionsOf(self.account).length >= MAX_COMPANIONS;
      input(key, { type: "scan", code, account, full, failuresInARow, ...(passkeys === undefined ? {} : { passkeys }) });
    }
    const opened = attempts.get(key);
    if (opened === undefined) throw new OperationalError("CODE_EXPIRED");
    return phoneStatus(opened.state);
  };

  return {
    open(text) {
      core.identity.requirePhone();
      const parsed = parseLinkCode(text, core.ports.origin);
      if (!parsed.ok) throw new OperationalError(parsed.error.kind);
      return openCode(parsed.value, "code");
    },
    openTyped: couriers.openTyped,
    showReverse: couriers.showReverse,
    approve(attempt, { newPhone, ...options } = {}) {
      const key = keyOf(attempt);
      const wantsPhone = phoneStatus(attempts.get(key)!.state).peer?.kind === "phone";
      if (wantsPhone !== (newPhone === true)) throw new OperationalError("WRONG_ROLE");
      const { account } = core.identity.requirePhone();
      if (options.remove !== undefined && !companionsOf(account).some(({ number }) => number === options.remove))
        throw new OperationalError("UNKNOWN_DEVICE");
      const isAsked = attempts.get(key)!.state.kind === "comparing";
      input(key, { type: "approve", ...options });
      if (isAsked && attempts.get(key)?.state.kind === "comparing") throw new OperationalError("MATCH_CODE_WRONG");
    },
    reject: (attempt, reason) => input(keyOf(attempt), { type: "reject", ...(reason === undefined ? {} : { reason }) }),
    status() {
      const last = [...attempts.values()].at(-1);
      // What was begun last speaks, and a code that is still to come was.
      return last === undefined || (newest !== undefined && newest.attempt === undefined) ? newest : phoneStatus(last.state);
    },
    cancel() {
      for (const key of attempts.keys()) input(key, { type: "cancel" });
      couriers.cancel();
      newest = undefined;
    },
    resume() {
      const saved = core.store.kv.getJson<Readonly<Record<string, Saved>>>(SAVED) ?? {};
      for (const [key, { route = "other", ...state }] of Object.entries(saved)) {
        if (attempts.has(key)) continue;
        const attempt = make(key, route);
        take(key, attempt, resumePhone({ ...INITIAL_PHONE, ...state }, core.pairContext()));
      }
      couriers.resume();
    },
    connected() {
      for (const key of attempts.keys()) input(key, { type: "connected" });
      couriers.connected();
    },
    slot(message) {
      const given = slotInput(message);
      input(given.rendezvousId, given);
      couriers.slot(message);
    },
    place(told) {
      const given = placeInput(told);
      input(given.rendezvousId, given);
    },
    deviceSeen(device) {
      for (const key of attempts.keys()) input(key, { type: "device-seen", device });
    },
    isUnderWay: (device) => [...attempts.values()].some(({ state }) => state.approval?.device === device),
    stop() {
      stopped = true;
      for (const { timers } of attempts.values()) timers.stop();
      couriers.stop();
    },
  };
}
