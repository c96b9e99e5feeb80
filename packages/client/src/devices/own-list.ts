/**
 * Changes of the own device list; phones only. Invariant: a list is built on the newest one the server has, stored, then published; one
 * change at a time (the caller's queue). A list that got no answer is stapled to the next hello.
 */
import { accountIdToBytes, type DeviceNumber, equalBytes, OperationalError } from "@hawser/base";
import { type DeviceListChange, extendDeviceList, openDeviceLabel, sealDeviceLabel, type VerifiedDeviceList } from "@hawser/crypto";
import { type Device, DeviceKind, MAX_CHAIN_LISTS, RevocationReason } from "@hawser/wire";
import { publishedNumber, setPublishedNumber } from "../account/create.ts";
import { checkName } from "../account/names.ts";
import type { DeviceInfo } from "../api.ts";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type DeviceDirectory, deviceOf } from "./directory.ts";
import { dormantSinceMs } from "./dormancy.ts";

/** Other phones may publish while this one does. */
const MAX_REBASES = 4;

/**
 * What `mine` changed since `base`, which both are built on, and `theirs` does not say: revocations and names. A device that was only added
 * here is linked again by its person.
 */
function changeLeft(base: VerifiedDeviceList, mine: VerifiedDeviceList, theirs: VerifiedDeviceList) {
  const revoke = mine.list.revocations.filter(({ device }) => theirs.list.devices.some(({ number }) => number === device));
  const relabel = mine.list.devices.flatMap(({ number, signingKey, sealedLabel }) => {
    const before = deviceOf(base, number as DeviceNumber);
    const its = deviceOf(theirs, number as DeviceNumber);
    const isRenamed = before !== undefined && !equalBytes(before.sealedLabel, sealedLabel);
    return isRenamed && its !== undefined && equalBytes(its.signingKey, signingKey) ? [{ device: number, sealedLabel }] : [];
  });
  const gone = new Set(revoke.map(({ device }) => device));
  return {
    revoke: revoke.map(({ device, revokedBy: by, reason }) => ({ device, by, reason })),
    relabel: relabel.filter(({ device }) => !gone.has(device)),
  };
}

export interface OwnList {
  /** Signs and stores the next list; does not publish. Inside a transaction. */
  extend(change: Omit<DeviceListChange, "nowMs">): VerifiedDeviceList;
  publish(): Promise<void>;
  rename(device: DeviceNumber, name: string): Promise<void>;
  revoke(device: DeviceNumber, reason: RevocationReason): Promise<void>;
  /** This phone is the account's only one from now on: the others are revoked as replaced. Idempotent. */
  retireOtherPhones(): Promise<void>;
  devices(): Promise<DeviceInfo[]>;
  nameOf(device: Device): string;
}

export function createOwnList(
  core: Core,
  link: ServerLink & { readonly online: boolean },
  directory: DeviceDirectory,
  restorable: () => ReadonlySet<DeviceNumber>,
  removing: () => Promise<void>,
): OwnList {
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
    const before = latest();
    // No server would take it, and what was signed cannot be unsigned.
    const onlyRemoves = [...(change.add ?? []), ...(change.relabel ?? [])].length === 0;
    if (before.number >= MAX_CHAIN_LISTS && !onlyRemoves) throw new OperationalError("LIST_CHAIN_FULL");
    // A clock that is days slow must not date a revocation before what the device has said already: that would be refused.
    const heardAtMs = (change.revoke?.length ?? 0) > 0 ? (identity.mailbox().committedAtMs ?? 0) : 0;
    const next = extendDeviceList(primitives, accountSeed, before, { ...change, nowMs: Math.max(core.timeMs(), heardAtMs) });
    if (!next.ok)
      throw new OperationalError(
        next.error.kind === "malformed" && next.error.rule.startsWith("too many") ? "DEVICE_LIMIT" : "LIST_INVALID",
      );
    directory.accept(next.value.account, [next.value.entry as never]);
    core.notify.changed("devices");
    return next.value;
  };
  const publish = async (): Promise<void> => {
    for (let round = 1; ; round++) {
      try {
        return await publishChain();
      } catch (error) {
        const lostRace = error instanceof RequestFailed && error.code === "LIST_CONFLICT";
        if (!lostRace || identity.accountSeed() === undefined || round > MAX_REBASES) throw error;
        await rebase();
      }
    }
  };
  const publishChain = async (): Promise<void> => {
    const { account } = identity.requireSelf();
    let number = publishedNumber(core);
    for (const entry of store.lists.chain(account, number)) {
      await link.request("publishDeviceList", { list: entry });
      // This entry's place, not the server's newest: that one may be another phone's.
      number++;
      setPublishedNumber(core, Math.max(publishedNumber(core), number));
    }
  };

  /**
   * Another phone of the account published first. What this one signed has been seen by nobody: it is signed again, after the winner's.
   * Rejects with LIST_CONFLICT when the chains part before that: then it is no race, and the account stays frozen.
   */
  const rebase = async (): Promise<void> => {
    const { account } = identity.requireSelf();
    const mine = latest();
    const published = publishedNumber(core);
    const { lists } = await link.request("getDeviceLists", { accountId: accountIdToBytes(account), afterNumber: BigInt(published) });
    store.atomically(() => {
      store.lists.dropAbove(account, published);
      const base = latest();
      if (directory.accept(account, lists) !== "advance") throw new OperationalError("LIST_CONFLICT");
      const theirs = latest();
      setPublishedNumber(core, theirs.number);
      const left = changeLeft(base, mine, theirs);
      if (left.revoke.length + left.relabel.length > 0) extend(left);
    });
    core.log({ event: "list-rebased", number: latest().number });
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
      await removing();
      await change({ revoke: [{ device: number, by: self.device, reason }] });
    },
    async retireOtherPhones() {
      const self = identity.requirePhone();
      await directory.refresh(self.account);
      const others = latest().list.devices.filter(({ kind, number }) => kind === DeviceKind.PHONE && number !== self.device);
      if (others.length === 0) return publish();
      await change({ revoke: others.map(({ number }) => ({ device: number, by: self.device, reason: RevocationReason.REPLACED })) });
    },
    async devices() {
      const self = identity.requireSelf();
      const activity = link.online ? await link.request("getDeviceActivity", {}).catch(() => undefined) : undefined;
      return latest().list.devices.map((device): DeviceInfo => {
        const seen = activity?.devices.find((candidate) => candidate.device === device.number);
        const lastSeenMs = seen === undefined || seen.lastSeenMs === 0n ? undefined : Number(seen.lastSeenMs);
        const isThere = device.number === self.device ? link.online : (seen?.connected ?? false);
        return {
          device: device.number as DeviceNumber,
          name: nameOf(device),
          role: device.kind === DeviceKind.PHONE ? "phone" : "companion",
          isThis: device.number === self.device,
          addedAtMs: Number(device.addedAtMs),
          connected: isThere,
          restorable: self.role === "phone" && restorable().has(device.number as DeviceNumber),
          lastSeenMs,
          dormantSinceMs:
            isThere || device.number === self.device || lastSeenMs === undefined
              ? undefined
              : dormantSinceMs(identity.settings().dormantAfterMonths, lastSeenMs, core.timeMs()),
        };
      });
    },
    nameOf,
  };
}
