/**
 * Whether the account keeps an archive, and what opens it: one entry of shared state that phones write. Invariants: keys reach other devices
 * end to end only; after a device was removed, no head is sealed under a key that it had. docs/PROTOCOL.md, "Archive".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { OperationalError, toHex } from "@hawser/base";
import type { ArchiveKeyFields, SeenHead } from "@hawser/sync";
import { ArchiveKeySchema, type ArchiveState, ArchiveStateSchema, DeviceKind, StateUpdateSchema } from "@hawser/wire";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import type { StateEntry } from "../store/state-entries.ts";

const ARCHIVE_ID_SIZE_BYTES = 16;
const KEY_SIZE_BYTES = 32;
const [COLLECTION, KEY] = ["archive", "archive"];
/** Device numbers that have been given the newest key. */
const KNOWN_TO = "archive-known-to";
/** The server still has to delete what was switched off. */
const DELETE_DUE = "archive-delete";
const SEEN = "archive-seen";

export interface KeptArchive {
  readonly id: string;
  readonly idBytes: Uint8Array;
  /** The newest last. */
  readonly keys: readonly ArchiveKeyFields[];
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
  /** After the list changed: a new key when somebody who had the newest is gone. Says whether there is one. */
  renew(): boolean;
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
  const devices = () => directory.latest(identity.requireSelf().account)?.list.devices ?? [];

  const write = (next: Partial<ArchiveState>): void =>
    store.atomically(() => {
      const before = state() ?? create(ArchiveStateSchema);
      share(toBinary(ArchiveStateSchema, create(ArchiveStateSchema, { ...before, ...next })));
      kv.setJson(
        KNOWN_TO,
        devices().map(({ number }) => number),
      );
      follow();
    });
  const newKey = (number: number) => create(ArchiveKeySchema, { number, key: core.ports.random.bytes(KEY_SIZE_BYTES) });

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
    return { id: toHex(known.archiveId), idBytes: known.archiveId, keys };
  };

  return {
    kept,
    follow,
    set(on) {
      identity.requirePhone();
      if (on === (kept() !== undefined)) return;
      // Also before a new one: what an upload under way left behind when the last one ended.
      kv.setJson(DELETE_DUE, true);
      write(on ? { on, archiveId: core.ports.random.bytes(ARCHIVE_ID_SIZE_BYTES), keys: [newKey(1)], seenCounter: 0n } : { on, keys: [] });
    },
    renew() {
      const self = identity.self();
      const archive = kept();
      if (self?.role !== "phone" || archive === undefined) return false;
      const now = devices();
      // Of several phones one does it: two keys of one number would not open each other's heads.
      if (now.find(({ kind }) => kind === DeviceKind.PHONE)?.number !== self.device) return false;
      const gone = (kv.getJson<number[]>(KNOWN_TO) ?? []).some((device) => now.every(({ number }) => number !== device));
      if (gone) write({ keys: [...state()!.keys, newKey(archive.keys.at(-1)!.number + 1)] });
      else
        kv.setJson(
          KNOWN_TO,
          now.map(({ number }) => number),
        );
      return gone;
    },
    seen() {
      const counter = Number(state()?.seenCounter ?? 0n);
      return kv.getJson<SeenArchive>(SEEN) ?? (counter > 0 ? { counter } : undefined);
    },
    setSeen: (seen) => kv.setJson(SEEN, seen),
    deleteDue: () => kv.getJson(DELETE_DUE) === true,
    deleted: () => kv.delete(DELETE_DUE),
    toHandOver() {
      const now = state();
      const stamped = entry();
      if (kept() === undefined || now === undefined || stamped === undefined) return undefined;
      const counter = kv.getJson<SeenArchive>(SEEN)?.counter ?? 0;
      const value = toBinary(ArchiveStateSchema, create(ArchiveStateSchema, { ...now, seenCounter: BigInt(counter) }));
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

/** Only phones write the entry; a phone that was just restored learns it from whoever is there. */
export function mayShareArchive(core: Core, directory: DeviceDirectory, from: number): boolean {
  const self = core.identity.self();
  if (self === undefined) throw new OperationalError("WRONG_PHASE");
  const sender = directory.latest(self.account)?.list.devices.find(({ number }) => number === from);
  return sender?.kind === DeviceKind.PHONE || (self.role === "phone" && core.identity.settling());
}
