/**
 * Whether the account keeps an archive, and what opens it: one entry of shared state that phones write. Invariants: keys reach other devices
 * end to end only; after a device was removed, no head is sealed under a key that it had. docs/PROTOCOL.md, "Archive".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { fromHex, OperationalError, toHex } from "@hawser/base";
import type { ArchiveKeyFields, SeenHead } from "@hawser/sync";
import { type ArchiveKey, ArchiveKeySchema, type ArchiveState, ArchiveStateSchema, DeviceKind, StateUpdateSchema } from "@hawser/wire";
import { ARCHIVE_UNSURE } from "../account/old-copy.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import type { StateEntry } from "../store/state-entries.ts";

const ARCHIVE_ID_SIZE_BYTES = 16;
const KEY_SIZE_BYTES = 32;
const HASH_SIZE_BYTES = 32;
const NO_BYTES = new Uint8Array(0);
const [COLLECTION, KEY] = ["archive", "archive"];
/** The server still has to delete what was switched off. */
const DELETE_DUE = "archive-delete";
const SEEN = "archive-seen";

export interface KeptArchive {
  readonly id: string;
  readonly idBytes: Uint8Array;
  /** The newest last. */
  readonly keys: readonly ArchiveKeyFields[];
  /**
   * Of the newest key. `due`: a device that had it has left the list, and a new one is to come. `ahead`: it was made after a removal that this
   * device has not heard of. Under neither is anything sealed.
   */
  readonly keyState: "current" | "due" | "ahead";
}

/** The newest head seen, with what a screen shows of it. */
export interface SeenArchive extends SeenHead {
  readonly messages: number;
  readonly writtenAtMs: number;
}

export interface ArchiveKeeping {
  /** The archive that is on; `undefined` when none is. */
  kept(): KeptArchive | undefined;
  /** @throws OperationalError WRONG_ROLE on a companion. */
  set(on: boolean): void;
  /** After the entry changed, here or elsewhere, and at every start: the store follows it. Says whether something changed. */
  follow(): boolean;
  /** Whether it is this device that makes the account's keys. */
  makesKeys(): boolean;
  /** After the list changed, and before anything is written: a new key when somebody who had the newest is gone. */
  renew(): void;
  /** Another archive in place of this one, whose head cannot be believed any more. */
  beginAnew(): void;
  /** What this device says of the archive stood on a store that was put back, and no other device has said anything since. */
  unsure(): boolean;
  setSure(): void;
  seen(): (SeenHead & Partial<SeenArchive>) | undefined;
  setSeen(seen: SeenArchive): void;
  deleteDue(): boolean;
  deleted(): void;
  /** For a device that is being linked. */
  toHandOver(): Uint8Array | undefined;
}

export function createArchiveKeeping(core: Core, directory: DeviceDirectory, share: (value: Uint8Array) => void): ArchiveKeeping {
  const { store, identity } = core;
  const { kv, archiveRows, stateEntries } = store;
  const entry = (): StateEntry | undefined => stateEntries.find(COLLECTION, KEY);
  const state = (): ArchiveState | undefined => readState(entry());
  const list = () => directory.latest(identity.requireSelf().account)?.list;

  const write = (next: Partial<ArchiveState>): void =>
    store.atomically(() => {
      const before = state() ?? create(ArchiveStateSchema);
      share(toBinary(ArchiveStateSchema, create(ArchiveStateSchema, { ...before, ...next })));
      follow();
    });
  const begin = (on: boolean): void =>
    store.atomically(() => {
      // Also before a new one: what an upload under way left behind when the last one ended.
      kv.setJson(DELETE_DUE, true);
      kv.delete(ARCHIVE_UNSURE);
      write(on ? { on, archiveId: core.ports.random.bytes(ARCHIVE_ID_SIZE_BYTES), keys: [newKey(1)], seenCounter: 0n } : { on, keys: [] });
    });
  const newKey = (number: number): ArchiveKey =>
    create(ArchiveKeySchema, { number, key: core.ports.random.bytes(KEY_SIZE_BYTES), afterRevoked: lastRevoked() });
  /** Device numbers are given once: the newest revocation tells a list before a removal from one after it. */
  const lastRevoked = (): number => list()?.revocations.at(-1)?.device ?? 0;
  const keyStateOf = ({ afterRevoked }: ArchiveKey): KeptArchive["keyState"] => {
    // Keys of older releases do not say it: the phone that made them looks after them.
    if (afterRevoked === undefined || afterRevoked === lastRevoked()) return "current";
    return afterRevoked === 0 || list()?.revocations.some(({ device }) => device === afterRevoked) === true ? "due" : "ahead";
  };

  const follow = (): boolean => {
    const id = kept()?.id;
    if (id === archiveRows.kept()) return false;
    store.atomically(() => {
      for (const name of [SEEN, "archive-attempt", "archive-tail"]) kv.delete(name);
      if (id === undefined) archiveRows.end();
      else archiveRows.begin(id, Math.floor(core.ports.clock.nowMs()));
    });
    core.notify.changed("state");
    return true;
  };
  const kept = (): KeptArchive | undefined => {
    const known = state();
    if (known?.on !== true || known.archiveId.length !== ARCHIVE_ID_SIZE_BYTES || known.keys.length === 0) return undefined;
    const keys = known.keys.filter(({ key }) => key.length === KEY_SIZE_BYTES).toSorted((a, b) => a.number - b.number);
    const newest = keys.at(-1);
    return newest === undefined ? undefined : { id: toHex(known.archiveId), idBytes: known.archiveId, keys, keyState: keyStateOf(newest) };
  };
  // Of several phones one does it: two keys of one number would not open each other's heads.
  const makesKeys = (): boolean => {
    const self = identity.self();
    return self?.role === "phone" && list()?.devices.find(({ kind }) => kind === DeviceKind.PHONE)?.number === self.device;
  };

  return {
    kept,
    follow,
    set(on) {
      identity.requirePhone();
      if (on !== (kept() !== undefined)) begin(on);
    },
    makesKeys,
    renew() {
      const newest = kept()?.keys.at(-1);
      if (newest === undefined || !makesKeys()) return;
      const made = state()!.keys.find(({ number }) => number === newest.number)!;
      const isUnknown = made.afterRevoked === undefined && lastRevoked() !== 0;
      if (isUnknown || keyStateOf(made) === "due") write({ keys: [...state()!.keys, newKey(newest.number + 1)] });
    },
    beginAnew: () => begin(true),
    unsure: () => kv.getJson(ARCHIVE_UNSURE) === true,
    setSure: () => kv.delete(ARCHIVE_UNSURE),
    seen() {
      const { seenCounter = 0n, seenHash } = state() ?? {};
      const hash = seenHash?.length === HASH_SIZE_BYTES ? { hash: toHex(seenHash) } : {};
      return kv.getJson<SeenArchive>(SEEN) ?? (seenCounter > 0n ? { counter: Number(seenCounter), ...hash } : undefined);
    },
    setSeen: (seen) => kv.setJson(SEEN, seen),
    deleteDue: () => kv.getJson(DELETE_DUE) === true,
    deleted: () => kv.delete(DELETE_DUE),
    toHandOver() {
      const now = state();
      const stamped = entry();
      if (kept() === undefined || now === undefined || stamped === undefined) return undefined;
      const seen = kv.getJson<SeenArchive>(SEEN);
      const value = toBinary(
        ArchiveStateSchema,
        create(ArchiveStateSchema, { ...now, seenCounter: BigInt(seen?.counter ?? 0), seenHash: fromHex(seen?.hash ?? "") ?? NO_BYTES }),
      );
      return toBinary(StateUpdateSchema, create(StateUpdateSchema, { ...stamped, timeMs: BigInt(stamped.timeMs), value }));
    },
  };
}

/** What the phone that linked this device handed over; inside the transaction that makes it a member. */
export function takeHandedArchive(core: Core, bytes: Uint8Array): void {
  const update = decode(() => fromBinary(StateUpdateSchema, bytes));
  if (update?.collection !== COLLECTION || update.key !== KEY || !Number.isSafeInteger(Number(update.timeMs))) return;
  const { value, counter, device } = update;
  if (decode(() => fromBinary(ArchiveStateSchema, value)) === undefined) return;
  core.store.stateEntries.merge({ collection: COLLECTION, key: KEY, value, timeMs: Number(update.timeMs), counter, device });
}

function readState(entry: StateEntry | undefined): ArchiveState | undefined {
  return entry === undefined ? undefined : decode(() => fromBinary(ArchiveStateSchema, entry.value));
}

function decode<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Only phones write the entry; a phone that was just restored, or whose store was put back, learns it from whoever is there. */
export function mayShareArchive(core: Core, directory: DeviceDirectory, from: number): boolean {
  const self = core.identity.self();
  if (self === undefined) throw new OperationalError("WRONG_PHASE");
  const sender = directory.latest(self.account)?.list.devices.find(({ number }) => number === from);
  const asks = core.identity.settling() || core.store.kv.getJson(ARCHIVE_UNSURE) === true;
  return sender?.kind === DeviceKind.PHONE || (sender !== undefined && self.role === "phone" && asks);
}
