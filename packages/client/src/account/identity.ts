/**
 * Who this device is: its keys and its place in the account. Invariant: identity, account keys and `self` are written in one
 * transaction when the device becomes a member, and leave together when it is wiped or revoked.
 */
import { accountIdToBytes, type Bytes, concat, type DeviceAddress, type DeviceNumber, OperationalError } from "@hawser/base";
import type { DeviceIdentity } from "@hawser/crypto";
import type { ClientPhase, RevocationInfo, Role, SelfInfo, Settings, StoreNotice } from "../api.ts";
import type { KeyValues } from "../store/kv.ts";

export interface SelfRecord extends SelfInfo {
  readonly role: Role;
  /** The phone that linked this companion: where its history comes from. */
  readonly phoneDevice: DeviceNumber;
}

export interface MailboxView {
  readonly epoch: number;
  readonly cursor: number;
  readonly committedAtMs?: number;
}

export interface IdentityStore {
  phase(): ClientPhase;
  self(): SelfRecord | undefined;
  /** @throws OperationalError WRONG_PHASE when this device belongs to no account. */
  requireSelf(): SelfRecord;
  /** @throws OperationalError WRONG_ROLE on a companion. */
  requirePhone(): SelfRecord;
  setSelf(self: SelfRecord): void;
  keys(): DeviceIdentity;
  setKeys(keys: DeviceIdentity): void;
  accountSeed(): Bytes | undefined;
  setAccountSeed(seed: Bytes): void;
  stateKey(): Bytes;
  setStateKey(key: Bytes): void;
  mailbox(): MailboxView;
  /** `committedAtMs`: the server's time of the last delivery it covers; kept from before when absent. */
  setMailbox(epoch: number, cursor: number, committedAtMs?: number): void;
  /** This device has just become a member and has not got its first history. */
  settling(): boolean;
  setSettling(settling: boolean): void;
  /** Since when deliveries are known to be missing. */
  gapSinceMs(): number | undefined;
  /** From when on the messages themselves may be missing; `undefined` once they were asked for. */
  gapAfterMs(): number | undefined;
  noteGap(sinceMs: number, afterMs: number): void;
  /** They were asked for, in the transaction that asks. */
  gapAsked(): void;
  gapFilled(): void;
  /** Devices that were given history while something was missing here: they get what came afterwards. */
  served(): readonly number[];
  noteServed(device: number): void;
  forgetServed(): void;
  /** History or shared state that came held something new. In the transaction that stores it. */
  noteNews(): void;
  /** Whether any did since this was asked last. In the transaction that acts on it. */
  takeNews(): boolean;
  /** Something that was healed here and that the person is told once. */
  notice(): StoreNotice | undefined;
  setNotice(notice: StoreNotice | undefined): void;
  settings(): Settings;
  setSettings(settings: Settings): void;
  revocation(): RevocationInfo | undefined;
  setRevocation(revocation: RevocationInfo): void;
  /** After the store was wiped: nothing remembered here outlives it. */
  forget(): void;
}

const DEFAULT_SETTINGS: Settings = {
  readReceipts: true,
  language: undefined,
  theme: "system",
  reportOutcomes: true,
  dormantAfterMonths: 0,
};
export const SETTLING = "settling";
const KEY_SIZE_BYTES = 32;

/** 20 bytes of the account ‖ the device (u32): what sessions bind. */
export function addressBytes({ account, device }: DeviceAddress): Bytes {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, device);
  return concat(accountIdToBytes(account), number);
}

export function openIdentity(kv: KeyValues): IdentityStore {
  // Read on every message; the table stays the truth.
  let self: SelfRecord | undefined;
  let keys: DeviceIdentity | undefined;
  const requireBytes = (name: string): Bytes => {
    const bytes = kv.getBytes(name);
    if (bytes === undefined) throw new OperationalError("STORAGE_LOST", { message: `the store has no ${name}` });
    return bytes;
  };
  const store: IdentityStore = {
    phase() {
      if (kv.getJson("revocation") !== undefined) return "revoked";
      return store.self() !== undefined ? "ready" : kv.getBytes("linking") !== undefined ? "linking" : "empty";
    },
    self: () => (self ??= kv.getJson<SelfRecord>("self")),
    requireSelf() {
      const found = store.self();
      if (found === undefined) throw new OperationalError("WRONG_PHASE");
      return found;
    },
    requirePhone() {
      const found = store.requireSelf();
      if (found.role !== "phone") throw new OperationalError("WRONG_ROLE");
      return found;
    },
    setSelf(next) {
      self = next;
      kv.setJson("self", next);
    },
    keys() {
      if (keys !== undefined) return keys;
      const bytes = requireBytes("identity");
      const part = (index: number): Bytes => bytes.slice(index * KEY_SIZE_BYTES, (index + 1) * KEY_SIZE_BYTES);
      return (keys = { dhSecret: part(0), dhPublic: part(1), signSeed: part(2), signPublic: part(3) });
    },
    setKeys(next) {
      keys = undefined;
      kv.setBytes("identity", concat(next.dhSecret, next.dhPublic, next.signSeed, next.signPublic));
    },
    accountSeed: () => kv.getBytes("account-seed"),
    setAccountSeed: (seed) => kv.setBytes("account-seed", seed),
    stateKey: () => requireBytes("state-key"),
    setStateKey: (key) => kv.setBytes("state-key", key),
    mailbox: () => kv.getJson<MailboxView>("mailbox") ?? { epoch: 0, cursor: 0 },
    setMailbox: (epoch, cursor, committedAtMs = store.mailbox().committedAtMs) => kv.setJson("mailbox", { epoch, cursor, committedAtMs }),
    settling: () => kv.getJson<boolean>(SETTLING) === true,
    setSettling: (settling) => (settling ? kv.setJson(SETTLING, true) : kv.delete(SETTLING)),
    gapSinceMs: () => kv.getJson<number>("gap"),
    gapAfterMs: () => kv.getJson<number>("gap-after"),
    noteGap(sinceMs, afterMs) {
      if (store.gapSinceMs() === undefined) kv.setJson("gap", sinceMs);
      kv.setJson("gap-after", Math.min(afterMs, store.gapAfterMs() ?? afterMs));
    },
    gapAsked: () => kv.delete("gap-after"),
    gapFilled: () => kv.delete("gap"),
    served: () => kv.getJson<number[]>("gap-served") ?? [],
    noteServed(device) {
      const served = store.served();
      if (!served.includes(device)) kv.setJson("gap-served", [...served, device]);
    },
    forgetServed: () => kv.delete("gap-served"),
    noteNews: () => kv.setJson("history-news", true),
    takeNews() {
      const had = kv.getJson("history-news") === true;
      kv.delete("history-news");
      return had;
    },
    notice: () => kv.getJson<StoreNotice>("notice"),
    setNotice: (notice) => (notice === undefined ? kv.delete("notice") : kv.setJson("notice", notice)),
    settings: () => ({ ...DEFAULT_SETTINGS, ...kv.getJson<Partial<Settings>>("settings") }),
    setSettings: (settings) => kv.setJson("settings", settings),
    revocation: () => kv.getJson<RevocationInfo>("revocation"),
    setRevocation: (revocation) => kv.setJson("revocation", revocation),
    forget() {
      self = undefined;
      keys?.dhSecret.fill(0);
      keys?.signSeed.fill(0);
      keys = undefined;
    },
  };
  return store;
}
