/**
 * Turns an outbox row into the SEND frame that carries it. Invariant: the frame, the capsule secret and every ratchet that moved are
 * stored in one transaction, before anything is sent; a correction by newer lists only adds and removes capsules, the body and the
 * message id stay. docs/PROTOCOL.md, "Bodies and capsules".
 */
import {
  accountIdFromBytes,
  type AccountId,
  assert,
  concat,
  type DeviceAddress,
  type DeviceNumber,
  formatAddress,
  messageIdToBytes,
  must,
} from "@hawser/base";
import { makeCapsulePlaintext, type PreKeyBundle, sealBody, type VerifiedDeviceList } from "@hawser/crypto";
import { decodeSend, encodeSend, type SendFrame } from "@hawser/wire";
import { addressBytes } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { addressesOf, sendTargetHead } from "../devices/directory.ts";
import type { OutboxRow } from "../store/outbox.ts";
import { finishContent } from "./content.ts";
import { keepForLater } from "./late-copies.ts";

/** Bundles claimed for this seal, by account and device. */
export type Bundles = ReadonlyMap<AccountId, ReadonlyMap<DeviceNumber, PreKeyBundle>>;
const NO_BUNDLES: Bundles = new Map();
const NOBODY: ReadonlySet<string> = new Set();

export type SealOutcome =
  /** `isFirst`: no frame with this message id was sealed before. */
  | { readonly kind: "sealed"; readonly isFirst: boolean }
  /** Nobody to send it to: it is done. */
  | { readonly kind: "nobody" }
  | { readonly kind: "needs-list"; readonly account: AccountId }
  | { readonly kind: "needs-sessions"; readonly devices: readonly DeviceAddress[] };

/** Accounts that a row addresses, the conversation's first. */
export function accountsOf(row: OutboxRow, own: AccountId): AccountId[] {
  switch (row.audience) {
    case "conversation":
      return [row.account, own];
    case "own":
      return [own];
    case "peer":
    case "device":
      return [row.account];
  }
}

/** The devices of one target: never this one, and only the one meant when the row is for one. */
function recipients(row: OutboxRow, list: VerifiedDeviceList, self: DeviceAddress): DeviceAddress[] {
  const others = addressesOf(list).filter((address) => address.account !== self.account || address.device !== self.device);
  return row.audience === "device" ? others.filter((address) => address.device === row.device) : others;
}

/** What has to be there before `sealRow` can succeed; call inside the transaction of the seal. */
function planTargets(core: Core, row: OutboxRow, bundles: Bundles, without: ReadonlySet<string>) {
  const self = core.identity.requireSelf();
  const targets: { readonly list: VerifiedDeviceList; readonly devices: DeviceAddress[] }[] = [];
  const missing: DeviceAddress[] = [];
  for (const account of accountsOf(row, self.account)) {
    const list = core.store.lists.latest(account);
    if (list === undefined) return { needsList: account };
    const devices = recipients(row, list, self).filter((address) => {
      if (bundles.get(account)?.has(address.device) === true) return true;
      const record = row.freshSession ? undefined : core.store.sessions.find(address);
      if (record !== undefined && !core.pair.shouldRefresh(record, core.timeMs())) return true;
      if (record !== undefined && without.has(formatAddress(address))) return true;
      missing.push(address);
      return false;
    });
    targets.push({ list, devices });
  }
  return { targets, missing };
}

/**
 * Seals inside the caller's transaction. Devices in `without` (`formatAddress`) were asked for and have no keys on the server: they are
 * left out. Others without a session are reported, also those that a newer list has added since somebody asked. Old sessions are refreshed where a bundle is given and used on where not.
 */
export function sealRow(core: Core, row: OutboxRow, bundles: Bundles = NO_BUNDLES, without: ReadonlySet<string> = NOBODY): SealOutcome {
  assert(core.store.database.inTransaction, "sealing moves ratchets: inside a transaction only");
  const plan = planTargets(core, row, bundles, without);
  if (plan.needsList !== undefined) return { kind: "needs-list", account: plan.needsList };
  const unasked = plan.missing.filter((address) => !without.has(formatAddress(address)));
  if (unasked.length > 0) return { kind: "needs-sessions", devices: unasked };
  // Whoever it is for must be reachable on some device; the own other devices may do without.
  if (plan.missing.some((address) => address.account === row.account) && plan.targets[0]!.devices.length === 0) {
    return { kind: "needs-sessions", devices: plan.missing };
  }
  keepForLater(core, row, plan.missing);
  const addressed = plan.targets.flatMap((target) => target.devices);
  if (addressed.length === 0 && row.audience !== "conversation") return { kind: "nobody" };
  const isFirst = core.store.sealedIds.judge(row.messageId) !== "known";
  const before = isFirst ? undefined : core.store.resends.findSent(row.messageId)?.recipients;
  if (before !== undefined) {
    keepForLater(
      core,
      row,
      addressed.filter((address) => !before.has(formatAddress(address))),
    );
  }

  const self = core.identity.requireSelf();
  const { primitives, random } = core.ports;
  const own = core.store.lists.latest(self.account);
  if (own === undefined) return { kind: "needs-list", account: self.account };
  const conversation = row.audience === "own" ? undefined : plan.targets.find((target) => target.list.account !== self.account)?.list;
  const { bodyKey, sealed } = sealBody(primitives, finishContent(row.content, own, conversation), { random });
  const secret = makeCapsulePlaintext(primitives, bodyKey, sealed);
  bodyKey.fill(0);
  const targets = plan.targets.map(({ list, devices }) => ({
    ...sendTargetHead(list),
    capsules: makeCapsules(core, row, devices, secret, bundles),
  }));
  // Keys that do not verify open no session: what nobody could read must not be called sent.
  const meant = plan.targets[0]!.devices;
  if (meant.length > 0 && targets[0]!.capsules.length === 0) return { kind: "needs-sessions", devices: meant };
  const frame = encodeSend({ request: 0, messageId: messageIdToBytes(row.messageId), targets, body: sealed });
  core.store.outbox.setFrame(row.row, frame, secret);
  return { kind: "sealed", isFirst };
}

/**
 * Brings a sealed row up to the newest lists; the same rules as `sealRow`. `mayBeStored`: the server may have taken the frame as it was and its word
 * did not arrive. It then takes no second one with this message id, so whoever is new gets a copy under another.
 */
export function correctRow(
  core: Core,
  row: OutboxRow,
  bundles: Bundles = NO_BUNDLES,
  without: ReadonlySet<string> = NOBODY,
  mayBeStored = true,
): SealOutcome {
  assert(row.frame !== undefined && row.capsuleSecret !== undefined, "only a sealed row can be corrected");
  const secret = row.capsuleSecret;
  const self = core.identity.requireSelf();
  const before = must(decodeSend(row.frame), "own frame");
  const missing: DeviceAddress[] = [];
  const plans: {
    readonly list: VerifiedDeviceList;
    readonly kept: SendFrame["targets"][number]["capsules"];
    readonly added: DeviceAddress[];
  }[] = [];
  for (const target of before.targets) {
    const account = accountIdFromBytes(target.account);
    const list = core.store.lists.latest(account);
    if (list === undefined) return { kind: "needs-list", account };
    const wanted = recipients(row, list, self);
    const kept = target.capsules.filter((capsule) => wanted.some((address) => address.device === capsule.device));
    const added = wanted.filter((address) => !kept.some((capsule) => capsule.device === address.device));
    const ready = added.filter(
      (address) => bundles.get(account)?.has(address.device) === true || core.store.sessions.find(address) !== undefined,
    );
    missing.push(...added.filter((address) => !ready.includes(address)));
    plans.push({ list, kept, added: ready });
  }
  const unasked = missing.filter((address) => !without.has(formatAddress(address)));
  if (unasked.length > 0) return { kind: "needs-sessions", devices: unasked };
  keepForLater(core, row, mayBeStored ? [...missing, ...plans.flatMap(({ added }) => added)] : missing);
  if (row.audience !== "conversation" && plans.every((plan) => plan.kept.length + plan.added.length === 0)) return { kind: "nobody" };
  const frame = encodeSend({
    ...before,
    targets: plans.map(({ list, kept, added }) => ({
      ...sendTargetHead(list),
      capsules: [...kept, ...makeCapsules(core, row, added, secret, bundles)],
    })),
  });
  core.store.outbox.setFrame(row.row, frame, secret);
  return { kind: "sealed", isFirst: false };
}

/** The frame with the number that its acknowledgement will name. */
export function withRequest(frame: Uint8Array, request: number): Uint8Array {
  const numbered = concat(frame);
  new DataView(numbered.buffer).setUint32(1, request);
  return numbered;
}

function makeCapsules(core: Core, row: OutboxRow, devices: readonly DeviceAddress[], secret: Uint8Array, bundles: Bundles) {
  return devices.flatMap((address) => {
    const bytes = makeCapsule(core, row, address, secret, bundles);
    return bytes === undefined ? [] : [{ device: address.device, bytes }];
  });
}

/** `undefined` for a device whose bundle does not verify and with which there is no session: it is left out. */
function makeCapsule(core: Core, row: OutboxRow, address: DeviceAddress, secret: Uint8Array, bundles: Bundles): Uint8Array | undefined {
  const record = sessionWith(core, row, address, bundles);
  if (record === undefined) return undefined;
  const encrypted = must(core.pair.encrypt(record, secret, core.pairContext()), "encrypt");
  core.store.sessions.put(address, encrypted.record);
  return encrypted.message;
}

/** The one there is, or one opened with the bundle where it is needed; the caller stores it. */
function sessionWith(core: Core, row: OutboxRow, address: DeviceAddress, bundles: Bundles): Uint8Array | undefined {
  const bundle = bundles.get(address.account)?.get(address.device);
  const record = core.store.sessions.find(address);
  // Many rows may have asked for it at once: what the first of them opened serves the others, and pushes no session out.
  const isNeeded = record === undefined || row.freshSession || core.pair.shouldRefresh(record, core.timeMs());
  if (bundle === undefined || !isNeeded) return record;
  const self = core.identity.requireSelf();
  const opened = core.pair.initiate(
    { identity: core.identity.keys(), bundle, localAddress: addressBytes(self), remoteAddress: addressBytes(address), record },
    core.pairContext(),
  );
  if (opened.ok) {
    core.store.outbox.sessionOpened(address);
    return opened.value;
  }
  // A bundle that does not verify is the server's or the device's fault: with an older session the message still arrives.
  core.log({ event: "bundle-refused", reason: opened.error.kind });
  return record;
}

/**
 * Opens what was claimed for a row that still waits for another device's keys, in the caller's transaction: each claim takes a one-time key from whoever
 * has some, and the server gives out so many to one who asks.
 */
export function openSessions(core: Core, row: OutboxRow, bundles: Bundles): void {
  for (const [account, its] of bundles) {
    for (const device of its.keys()) {
      const record = sessionWith(core, row, { account, device }, bundles);
      if (record !== undefined) core.store.sessions.put({ account, device }, record);
    }
  }
}
