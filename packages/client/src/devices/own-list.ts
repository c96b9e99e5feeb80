/**
 * Changes of the own device list; phones only. Invariant: a list is built on the newest one the server has, stored, then published; one
 * change at a time (the caller's queue). A list that got no answer is stapled to the next hello.
 */
import { type DeviceNumber, OperationalError } from "@hawser/base";
import { type DeviceListChange, extendDeviceList, openDeviceLabel, sealDeviceLabel, type VerifiedDeviceList } from "@hawser/crypto";
import { type Device, DeviceKind, type RevocationReason } from "@hawser/wire";
import { publishedNumber, setPublishedNumber } from "../account/create.ts";
import { checkName } from "../account/names.ts";
import type { DeviceInfo } from "../api.ts";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type DeviceDirectory, deviceOf } from "./directory.ts";

export interface OwnList {
  /** Signs and stores the next list; does not publish. Inside a transaction. */
  extend(change: Omit<DeviceListChange, "nowMs">): VerifiedDeviceList;
  publish(): Promise<void>;
  rename(device: DeviceNumber, name: string): Promise<void>;
  revoke(device: DeviceNumber, reason: RevocationReason): Promise<void>;
  devices(): Promise<DeviceInfo[]>;
  nameOf(device: Device): string;
}

export function createOwnList(core: Core, link: ServerLink & { readonly online: boolean }, directory: DeviceDirectory): OwnList {
  const { identity, store } = core;
  const { primitives, random } = core.ports;

  const latest = (): VerifiedDeviceList => {
    const list = store.lists.latest(identity.requireSelf().account);
    if (list === undefined) throw new OperationalError("STORAGE_LOST");
    return list;
  };
  const nameOf = (device: Device): string => openDeviceLabel(primitives, identity.stateKey(), device.signingKey, device.sealedLabel) ?? "";

  const extend: OwnList["extend"] = (change) => {
    const accountSeed = identity.accountSeed();
    if (accountSeed === undefined) throw new OperationalError("WRONG_ROLE");
    const next = extendDeviceList(primitives, accountSeed, latest(), { ...change, nowMs: core.timeMs() });
    if (!next.ok)
      throw new OperationalError(
        next.error.kind === "malformed" && next.error.rule.startsWith("too many") ? "DEVICE_LIMIT" : "LIST_INVALID",
      );
    directory.accept(next.value.account, [next.value.entry as never]);
    core.notify.changed("devices");
    return next.value;
  };
  const publish = async (): Promise<void> => {
    const { account } = identity.requireSelf();
    for (const entry of store.lists.chain(account, publishedNumber(core))) {
      const { number } = await link.request("publishDeviceList", { list: entry });
      setPublishedNumber(core, Math.max(publishedNumber(core), Number(number)));
    }
  };
  const change = async (change: Omit<DeviceListChange, "nowMs">): Promise<void> => {
    const self = identity.requirePhone();
    await directory.refresh(self.account);
    store.atomically(() => extend(change));
    await publish();
  };

  return {
    extend,
    publish,
    async rename(number, name) {
      checkName(name);
      const device = deviceOf(latest(), number);
      if (device === undefined) throw new OperationalError("UNKNOWN_DEVICE");
      identity.requirePhone();
      const sealedLabel = sealDeviceLabel(primitives, identity.stateKey(), device.signingKey, name, { random });
      await change({ relabel: [{ device: number, sealedLabel }] });
      const self = identity.requireSelf();
      if (self.device === number) identity.setSelf({ ...self, deviceName: name });
    },
    async revoke(number, reason) {
      const self = identity.requirePhone();
      if (number === self.device) throw new OperationalError("SELF");
      if (deviceOf(latest(), number) === undefined) throw new OperationalError("UNKNOWN_DEVICE");
      await change({ revoke: [{ device: number, by: self.device, reason }] });
    },
    async devices() {
      const self = identity.requireSelf();
      const activity = link.online ? await link.request("getDeviceActivity", {}).catch(() => undefined) : undefined;
      return latest().list.devices.map((device): DeviceInfo => {
        const seen = activity?.devices.find((candidate) => candidate.device === device.number);
        return {
          device: device.number as DeviceNumber,
          name: nameOf(device),
          role: device.kind === DeviceKind.PHONE ? "phone" : "companion",
          isThis: device.number === self.device,
          addedAtMs: Number(device.addedAtMs),
          connected: device.number === self.device ? link.online : (seen?.connected ?? false),
          lastSeenMs: seen === undefined || seen.lastSeenMs === 0n ? undefined : Number(seen.lastSeenMs),
        };
      });
    },
    nameOf,
  };
}
