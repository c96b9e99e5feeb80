/** The account's encrypted archive as the rest of the client sees it: a setting, a status, a source of history. */
import { OperationalError, toHex } from "@hawser/base";
import { ARCHIVE_LAST_LOOK_MS, type ChunkReference, type HeadFault, type HistoryReader } from "@hawser/sync";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { DeviceLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import type { ArchiveReadCode } from "../outcomes/attempts.ts";
import type { ArchiveStatus } from "./archive-status.ts";
import { createArchiveBooks, isUnsupported } from "./archive-books.ts";
import { createArchiveKeeping, mayShareArchive } from "./archive-keeping.ts";
import { createArchiveWriting } from "./archive-writing.ts";

/** What a job from the archive goes by, whatever happens to the head meanwhile. */
export interface ArchivePlan {
  readonly id: string;
  /** The index in the archive of each chunk of the job. */
  readonly serials: readonly number[];
  /** Until when the archive was whole. */
  readonly untilMs: number;
}

export interface PlannedChunks {
  readonly plan: ArchivePlan;
  readonly references: readonly ChunkReference[];
}

export interface Archive {
  /** Whether it can be asked at all. */
  readable(): boolean;
  /**
   * The chunks with messages since then, the newest first; those of `before` where one is given. Nothing when the archive is not there, cannot be
   * believed, or is not whole yet and `anyway` is not given. Rejects when the server cannot be asked.
   */
  plan(afterMs: number, before: ArchivePlan | undefined, anyway: boolean): Promise<PlannedChunks | undefined>;
  status(): ArchiveStatus;
  /** Rejects with UNKNOWN_OPERATION when the server says that it keeps no archives. */
  set(on: boolean): Promise<void>;
  /** Another device has changed the shared entry. In a later tick than the delivery's transaction. */
  changed(): void;
  devicesChanged(): void;
  /** A device is about to be removed: what it wrote last is seen while it is still in the list, if that takes no time. */
  removing(): Promise<void>;
  connected(): void;
  mayShare(from: number): boolean;
  toHandOver(): Uint8Array | undefined;
  stop(): void;
}

function noneWhereUnsupported(error: unknown): undefined {
  if (!isUnsupported(error)) throw error;
}

function throwUnsupported(error: unknown): void {
  if (isUnsupported(error)) throw error;
}

export function createArchive(
  core: Core,
  parts: {
    readonly link: DeviceLink;
    readonly directory: DeviceDirectory;
    readonly transfer: BlobTransfer;
    readonly reader: HistoryReader;
    readonly share: (value: Uint8Array) => void;
  },
): Archive {
  const { link, directory, transfer, reader } = parts;
  const keeping = createArchiveKeeping(core, directory, parts.share);
  const books = createArchiveBooks(core, { keeping, directory, link, transfer });
  const writing = createArchiveWriting(core, { keeping, books, reader, transfer });
  let knownKey: string | undefined;
  const changed = (): void => {
    keeping.renew();
    keeping.follow();
    const kept = keeping.kept();
    const key = `${kept?.id} ${kept?.keys.at(-1)!.number} ${kept?.keyState}`;
    const isNew = knownKey !== undefined && key !== knownKey && kept?.keyState === "current";
    knownKey = key;
    writing.wake(isNew ? "new-key" : undefined);
    if (link.online) void books.deleteIfDue().catch(() => undefined);
  };

  const read = async (
    afterMs: number,
    before: ArchivePlan | undefined,
    anyway: boolean,
  ): Promise<PlannedChunks | HeadFault | ArchiveReadCode> => {
    const opened = await books.read();
    if (!opened.ok) return opened.error;
    const { head } = opened.value;
    if (head.entryCount === 0) return "absent";
    if (head.drainedAtMs === 0n && !anyway && before === undefined) return "unfinished";
    const id = toHex(head.archiveId);
    const entries = await books.entries(head);
    if (!entries.ok) return entries.error;
    if (before !== undefined && before.id !== id) return "replaced";
    const newestFirst = entries.value
      .map(({ newestMs }, serial) => ({ serial, newestMs: Number(newestMs) }))
      .filter(({ newestMs }) => newestMs >= afterMs)
      .toSorted((a, b) => b.newestMs - a.newestMs)
      .map(({ serial }) => serial);
    const plan = before ?? { id, serials: newestFirst, untilMs: Number(head.drainedAtMs) };
    const references = plan.serials.flatMap((serial, index): ChunkReference[] => {
      const entry = entries.value[serial];
      if (entry === undefined) return [];
      const { blobId, key, messageCount, sizeBytes } = entry;
      return [{ index, blob: toHex(blobId), key, messageCount, sizeBytes }];
    });
    return { plan, references };
  };

  return {
    readable: () => keeping.kept() !== undefined,
    async plan(...wanted) {
      if (keeping.kept() === undefined) return undefined;
      const codeOf = (found: PlannedChunks | string): string => (typeof found === "string" ? found : "OK");
      const planned = await core.observe.during("read-archive", "reading", () => read(...wanted), codeOf).catch(noneWhereUnsupported);
      return typeof planned === "string" ? undefined : planned;
    },
    status() {
      const seen = keeping.seen();
      const usage = books.usage();
      return {
        on: keeping.kept() !== undefined,
        messages: seen?.messages ?? 0,
        waiting: writing.waiting(),
        writtenAtMs: seen?.writtenAtMs,
        trouble: writing.trouble(),
        usedBytes: usage?.usedBytes,
        quotaBytes: usage?.quotaBytes,
      };
    },
    async set(on) {
      core.identity.requirePhone();
      if (core.identity.settling()) throw new OperationalError("WRONG_PHASE");
      // One that cannot be asked just now is no hindrance.
      if (on && link.online) await link.request("getArchiveHead", {}).catch(throwUnsupported);
      keeping.set(on);
      changed();
    },
    changed() {
      keeping.setSure();
      changed();
    },
    devicesChanged: changed,
    async removing() {
      if (keeping.kept() === undefined || !link.online) return;
      let cancel = (): void => undefined;
      const patience = new Promise<void>((resolve) => (cancel = core.ports.clock.after(ARCHIVE_LAST_LOOK_MS, resolve)));
      await Promise.race([books.read().catch(() => undefined), patience]);
      cancel();
    },
    connected() {
      changed();
      writing.wake("connected");
    },
    mayShare: (from) => mayShareArchive(core, directory, from),
    toHandOver: () => keeping.toHandOver(),
    stop: () => writing.stop(),
  };
}
