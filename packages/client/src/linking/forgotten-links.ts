/**
 * Devices that a list of the own account names and that no attempt of this phone speaks of: its store was put back from a copy in the
 * middle of a link, or another phone began it, which this one has replaced; the attempt, which would have cleaned up after itself, is gone. Invariant: the rule is the attempt's own, a device
 * that never came alive is revoked with LINK_UNDONE and no other is. docs/PROTOCOL.md, "Linking".
 */
import type { DeviceNumber } from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { CLEAN_UP_RETRY_MS, PHONE_ACTIVATION_MS } from "@hawser/linking";
import type { Core } from "../core.ts";
import { deviceChanges } from "../devices/device-changes.ts";
import { deviceOf } from "../devices/directory.ts";
import { createLookAgain } from "../look-again.ts";

const SAVED = "forgotten-links";
/** Set once the list has been looked through that this phone took over. */
const TAKEN_OVER = "links-taken-over";
/** What was added before that is no link that broke off just now; what a server says of longer ago is not worth a device. */
const RECENT_MS = 86_400_000;

/** Device number → when it was first seen in a list, ms. */
type Watched = Readonly<Record<string, number>>;

interface Parts {
  latest(): VerifiedDeviceList | undefined;
  /** An attempt of this phone has put the device on the list, and looks after it. */
  isUnderWay(device: DeviceNumber): boolean;
  /** `undefined`: the server gave no answer. */
  everConnected(device: DeviceNumber): Promise<boolean | undefined>;
  undo(device: DeviceNumber): Promise<void>;
}

export interface ForgottenLinks {
  /** The own list went on. Inside the transaction that stores it. */
  listsAdvanced(before: VerifiedDeviceList, lists: readonly VerifiedDeviceList[]): void;
  /** On every connection: looks after what is due. */
  connected(): void;
  stop(): void;
}

export function createForgottenLinks(core: Core, parts: Parts): ForgottenLinks {
  const { kv } = core.store;
  const watched = (): Watched => kv.getJson<Watched>(SAVED) ?? {};
  const save = (next: Watched): void => (Object.keys(next).length === 0 ? kv.delete(SAVED) : kv.setJson(SAVED, next));
  const forget = (device: string): void => save(Object.fromEntries(Object.entries(watched()).filter(([number]) => number !== device)));
  const leftMs = (noticedAtMs: number): number => Math.min(PHONE_ACTIVATION_MS, noticedAtMs + PHONE_ACTIVATION_MS - core.timeMs());

  /** True once nothing is left to do about the device. */
  const settle = async (device: DeviceNumber): Promise<boolean> => {
    const list = parts.latest();
    if (list === undefined || deviceOf(list, device) === undefined || parts.isUnderWay(device)) return true;
    const cameAlive = await parts.everConnected(device);
    if (cameAlive === false) await parts.undo(device);
    return cameAlive !== undefined;
  };

  const takeOver = (own: DeviceNumber): void => {
    const list = parts.latest();
    if (list === undefined || kv.getJson(TAKEN_OVER) === true) return;
    const nowMs = Math.floor(core.timeMs());
    const recent = list.list.devices.filter(({ number, addedAtMs }) => number !== own && nowMs - Number(addedAtMs) < RECENT_MS);
    core.store.atomically(() => {
      save({ ...Object.fromEntries(recent.map(({ number }) => [number, nowMs])), ...watched() });
      kv.setJson(TAKEN_OVER, true);
    });
  };

  const lookAgain = createLookAgain(core.ports.clock, async (stopped) => {
    const self = core.identity.self();
    if (self?.role !== "phone") return undefined;
    takeOver(self.device);
    let again: number | undefined;
    for (const [device, noticedAtMs] of Object.entries(watched())) {
      const afterMs = leftMs(noticedAtMs);
      const isDone = afterMs <= 0 && (await settle(Number(device) as DeviceNumber).catch(() => false));
      if (stopped()) return undefined;
      if (isDone) forget(device);
      else again = Math.min(again ?? PHONE_ACTIVATION_MS, afterMs > 0 ? afterMs : CLEAN_UP_RETRY_MS);
    }
    return again;
  });

  return {
    listsAdvanced(before, lists) {
      const self = core.identity.self();
      if (self?.role !== "phone") return;
      const added = deviceChanges(before, lists).filter(({ kind, device }) => kind === "added" && device.number !== self.device);
      if (added.length === 0) return;
      save({ ...watched(), ...Object.fromEntries(added.map(({ device }) => [device.number, Math.floor(core.timeMs())])) });
      lookAgain.after(PHONE_ACTIVATION_MS);
    },
    connected: lookAgain.now,
    stop: lookAgain.stop,
  };
}
