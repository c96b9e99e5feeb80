/**
 * Other accounts' devices, and the own ones, as their signed lists say. Invariant: no session and no capsule for a device that the
 * newest known list does not name; lists only advance (`DeviceListStore`).
 */
import { type AccountId, accountIdToBytes, type DeviceAddress, type DeviceNumber, OperationalError } from "@hawser/base";
import { listHashPrefix, type MergeOutcome, type PreKeyBundle, type VerifiedDeviceList } from "@hawser/crypto";
import type { Device, PreKeyBundle as WirePreKeyBundle, SignedDeviceList } from "@hawser/wire";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { noteForks } from "./fork-evidence.ts";
import { newestAtServer } from "./whole-chain.ts";

export interface DeviceDirectory {
  latest(account: AccountId): VerifiedDeviceList | undefined;
  /** The pinned list, fetched when none is known. Rejects with RECIPIENT_UNKNOWN, LIST_INVALID or what the connection says. */
  ensure(account: AccountId): Promise<VerifiedDeviceList>;
  /** Asks for newer lists; the newest known afterwards. */
  refresh(account: AccountId): Promise<VerifiedDeviceList>;
  /** Takes lists over that came from anywhere. Joins a transaction. `stale`: whoever sent them knows less than this device. */
  accept(account: AccountId, entries: readonly SignedDeviceList[]): MergeOutcome["kind"];
  /** Asks again about accounts in conflict: from the pinned list on, so that agreement shows as well as a fork. */
  recheckConflicts(): Promise<void>;
  /** Gives the server the lists of an account that it has not; for a server that knows less. */
  teach(account: AccountId): Promise<void>;
  /** Bundles for the devices given, by device; devices without uploaded keys are missing. */
  claim(account: AccountId, devices: readonly DeviceNumber[]): Promise<Map<DeviceNumber, PreKeyBundle>>;
}

/** Inside the transaction of the lists. */
export interface DirectoryEvents {
  /** An account's list is newer than before. */
  advanced(account: AccountId): void;
  /** The own list went on from one that was known. */
  ownAdvanced(before: VerifiedDeviceList, lists: readonly VerifiedDeviceList[]): void;
  /** Of two branches a person chose the other one than these lists belong to. */
  isAgainstChoice(account: AccountId, entries: readonly SignedDeviceList[]): boolean;
  /** The chain of a contact's lists has parted; what is known of it is noted. */
  parted(account: AccountId): void;
}

export function createDirectory(core: Core, link: ServerLink, events: DirectoryEvents): DeviceDirectory {
  const fetching = new Map<AccountId, Promise<VerifiedDeviceList>>();
  const { lists, listConflicts, forkLists } = core.store;

  /** Both versions are signed: no garbage can cause this, and only agreement ends it. */
  const noteConflict = (account: AccountId, isConflict: boolean): void => {
    const changed = isConflict ? listConflicts.add(account, "equivocation", core.timeMs()) : listConflicts.delete(account);
    if (!isConflict) forkLists.forgetUndecided(account);
    if (!changed) return;
    for (const topic of ["contacts", "conversations", "state", "outbox"] as const) core.notify.changed(topic);
  };

  /** Two lists for one place. What a person decided against before freezes nothing again. */
  const part = (account: AccountId, entries: readonly SignedDeviceList[]): "conflict" => {
    const isUndecided = noteForks(core, account, entries);
    if (!isUndecided) return "conflict";
    noteConflict(account, true);
    if (account !== core.identity.self()?.account) events.parted(account);
    return "conflict";
  };

  const accept = (account: AccountId, entries: readonly SignedDeviceList[]): MergeOutcome["kind"] =>
    core.store.atomically(() => {
      const isOwn = account === core.identity.self()?.account;
      const before = isOwn ? lists.latest(account) : undefined;
      if (!isOwn && events.isAgainstChoice(account, entries)) return part(account, entries);
      const outcome = lists.merge(account, entries);
      if (outcome.kind === "conflict") core.log({ event: "list-conflict", cause: outcome.cause.kind });
      if (outcome.kind === "conflict" && outcome.cause.kind === "equivocation") return part(account, entries);
      if (outcome.kind !== "advance") return outcome.kind;
      noteConflict(account, false);
      events.advanced(account);
      if (isOwn) core.notify.changed("devices");
      if (before !== undefined) events.ownAdvanced(before, outcome.lists);
      return "advance";
    });

  const refresh = (account: AccountId): Promise<VerifiedDeviceList> => {
    const running = fetching.get(account);
    if (running !== undefined) return running;
    const started = fetch(account).finally(() => fetching.delete(account));
    fetching.set(account, started);
    return started;
  };
  const fetch = async (account: AccountId): Promise<VerifiedDeviceList> => {
    const afterNumber = BigInt(lists.latest(account)?.number ?? 0);
    const answer = await link.request("getDeviceLists", { accountId: accountIdToBytes(account), afterNumber }).catch((error: unknown) => {
      // Of an account that was never seen, the server's word is enough; of a known one it is the server's trouble.
      const isNobody = error instanceof RequestFailed && error.code === "UNKNOWN_ACCOUNT" && afterNumber === 0n;
      throw isNobody ? new OperationalError("RECIPIENT_UNKNOWN", { cause: error }) : error;
    });
    accept(account, answer.lists);
    const latest = lists.latest(account);
    if (latest === undefined) throw new OperationalError(answer.lists.length === 0 ? "RECIPIENT_UNKNOWN" : "LIST_INVALID");
    return latest;
  };

  return {
    latest: (account) => lists.latest(account),
    async ensure(account) {
      return lists.latest(account) ?? (await refresh(account));
    },
    refresh,
    accept,
    async recheckConflicts() {
      for (const account of listConflicts.all()) {
        const pinned = lists.latest(account)?.number ?? 0;
        const { lists: theirs } = await link.request("getDeviceLists", {
          accountId: accountIdToBytes(account),
          afterNumber: BigInt(Math.max(0, pinned - 1)),
        });
        if (accept(account, theirs) === "same" && theirs.length > 0) noteConflict(account, false);
      }
    },
    async teach(account) {
      try {
        const server = await newestAtServer(link, account, lists.latest(account)?.number ?? 0);
        // They may be others than ours.
        accept(account, server.lists);
        for (const list of lists.chain(account, server.number)) await link.request("publishDeviceList", { list });
      } catch (error) {
        if (error instanceof RequestFailed) accept(account, error.lists);
        throw error;
      }
    },
    async claim(account, devices) {
      const bundles = new Map<DeviceNumber, PreKeyBundle>();
      if (devices.length === 0) return bundles;
      const answer = await link.request("claimPreKeys", { accountId: accountIdToBytes(account), devices: [...devices] });
      const list = lists.latest(account);
      for (const bundle of answer.bundles) {
        const device = deviceOf(list, bundle.device as DeviceNumber);
        const complete = device === undefined ? undefined : toBundle(bundle, device);
        if (complete === undefined) continue;
        // Keys that the device did not sign are no keys: it is reached once somebody hands out its own.
        if (isSigned(core, complete)) bundles.set(bundle.device as DeviceNumber, complete);
        else core.log({ event: "bundle-refused", reason: "bad-prekey-signature" });
      }
      return bundles;
    },
  };
}

export function deviceOf(list: VerifiedDeviceList | undefined, device: DeviceNumber): Device | undefined {
  return list?.list.devices.find((candidate) => candidate.number === device);
}

export const addressesOf = (list: VerifiedDeviceList): DeviceAddress[] =>
  list.list.devices.map((device) => ({ account: list.account, device: device.number as DeviceNumber }));

export const sendTargetHead = (list: VerifiedDeviceList): { account: Uint8Array; listNumber: number; listHashPrefix: Uint8Array } => ({
  account: accountIdToBytes(list.account),
  listNumber: list.number,
  listHashPrefix: listHashPrefix(list),
});

function isSigned({ pair, ports }: Core, bundle: PreKeyBundle): boolean {
  const { signedPreKey: signed, kemPreKey: kem } = bundle;
  const verify = pair.profile.verifyPreKey;
  return (
    verify(ports.primitives, bundle, "signed", signed.id, signed.publicKey, signed.signature) &&
    verify(ports.primitives, bundle, "kem", kem.id, kem.publicKey, kem.signature)
  );
}

/** Identity keys come from the signed list, never from the server's answer. */
function toBundle(bundle: WirePreKeyBundle, device: Device): PreKeyBundle | undefined {
  const { signedPreKey, kemPreKey, oneTimePreKey } = bundle;
  if (signedPreKey === undefined || kemPreKey === undefined) return undefined;
  return {
    identityDh: device.dhKey,
    signPublic: device.signingKey,
    signedPreKey: { id: signedPreKey.id, publicKey: signedPreKey.publicKey, signature: signedPreKey.signature },
    kemPreKey: { id: kemPreKey.id, publicKey: kemPreKey.publicKey, signature: kemPreKey.signature, lastResort: bundle.kemIsLastResort },
    oneTimePreKey: oneTimePreKey === undefined ? undefined : { id: oneTimePreKey.id, publicKey: oneTimePreKey.publicKey },
  };
}
