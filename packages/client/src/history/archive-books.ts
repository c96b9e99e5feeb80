/**
 * The archive on the server as this device sees it: its head, believed only after it was checked, and all its entries. Invariant: what was
 * seen of a head is durable before anything is done by it, so that an older one is recognised for ever.
 */
import { create } from "@bufbuild/protobuf";
import { type BlobId, type DeviceNumber, err, fromHex, ok, OperationalError, type Result } from "@hawser/base";
import { allEntries, type HeadFault, hashOf, MAX_CHUNK_BYTES, type OpenedHead, openHead, sealHead } from "@hawser/sync";
import { type ArchiveEntry, type ArchiveHead, ArchiveHeadSchema } from "@hawser/wire";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type DeviceDirectory, deviceOf } from "../devices/directory.ts";
import type { ArchiveKeeping } from "./archive-keeping.ts";

export interface ReadHead extends OpenedHead {
  readonly version: number;
}

export interface ArchiveBooks {
  /** What was switched off leaves the server. Rejects when it cannot be asked. */
  deleteIfDue(): Promise<void>;
  /** Rejects when the server cannot be asked. Of an archive that was never written: an empty head. */
  read(): Promise<Result<ReadHead, HeadFault>>;
  /** All chunks in the order of their indexes. */
  entries(head: ArchiveHead): Promise<Result<readonly ArchiveEntry[], HeadFault>>;
  /**
   * Rejects with ARCHIVE_CONFLICT when another head stands there, with WRONG_PHASE while a removed device has the newest key. `committed` runs in
   * the transaction that notes it.
   */
  put(before: ReadHead, next: ArchiveHead, dropped: readonly string[], committed: () => void): Promise<ReadHead>;
  usage(): { readonly usedBytes: number; readonly quotaBytes: number } | undefined;
}

/** The server is older than archives. */
export const isUnsupported = (error: unknown): boolean => error instanceof OperationalError && error.code === "UNKNOWN_OPERATION";

export function createArchiveBooks(
  core: Core,
  parts: {
    readonly keeping: ArchiveKeeping;
    readonly directory: DeviceDirectory;
    readonly link: ServerLink;
    readonly transfer: BlobTransfer;
  },
): ArchiveBooks {
  const { keeping, directory, link, transfer } = parts;
  const { primitives, random } = core.ports;
  let usage: ReturnType<ArchiveBooks["usage"]>;
  const requireKept = () => {
    const kept = keeping.kept();
    if (kept === undefined) throw new OperationalError("WRONG_PHASE");
    return kept;
  };
  const note = ({ head, hash, keyNumber }: OpenedHead): void =>
    keeping.setSeen({
      counter: Number(head.counter),
      hash,
      keyNumber,
      messages: Number(head.messageCount),
      writtenAtMs: Number(head.writtenAtMs),
    });

  const open = (head: Uint8Array): Result<OpenedHead, HeadFault> => {
    const { id, keys, keyState } = requireKept();
    const { account } = core.identity.requireSelf();
    const signingKeyOf = (device: number) => deviceOf(directory.latest(account), device as DeviceNumber)?.signingKey;
    const expected = { account, archiveId: id, keys, renewalDue: keyState === "due", seen: keeping.seen(), signingKeyOf };
    return openHead(head, expected, primitives);
  };
  /** What stands there belongs to an archive before. A companion may have begun the new one already: it does so where nothing stands. */
  const isOneBefore = async (): Promise<boolean> => {
    if (keeping.kept() === undefined) return true;
    const { head } = await link.request("getArchiveHead", {});
    if (head.length === 0 || keeping.kept() === undefined) return false;
    const opened = open(head);
    return !opened.ok && (opened.error === "unreadable" || opened.error === "other-archive");
  };
  const deleteIfDue = async (): Promise<void> => {
    if (!keeping.deleteDue()) return;
    if (await isOneBefore()) await link.request("deleteArchive", {});
    keeping.deleted();
  };

  return {
    deleteIfDue,
    usage: () => usage,
    async read() {
      await deleteIfDue();
      const answer = await link.request("getArchiveHead", {});
      usage = { usedBytes: Number(answer.usedBytes), quotaBytes: Number(answer.quotaBytes) };
      const { idBytes } = requireKept();
      const version = Number(answer.version);
      if (answer.head.length === 0 && keeping.seen() === undefined)
        return ok({ head: create(ArchiveHeadSchema, { archiveId: idBytes }), hash: "", keyNumber: 0, stale: false, version });
      const opened = open(answer.head);
      if (!opened.ok) return opened;
      note(opened.value);
      return ok({ ...opened.value, version });
    },
    async entries(head) {
      const fetch = async (blobId: string): Promise<Uint8Array | undefined> => {
        try {
          return await transfer.download(blobId as BlobId, MAX_CHUNK_BYTES);
        } catch (error) {
          if (error instanceof OperationalError && (error.code === "BLOB_UNKNOWN" || error.code === "BLOB_MISMATCH")) return undefined;
          throw error;
        }
      };
      const entries = await allEntries(head, fetch, primitives);
      return entries === undefined ? err("withheld") : ok(entries);
    },
    async put(before, next, dropped, committed) {
      const { keys, keyState } = requireKept();
      if (keyState !== "current") throw new OperationalError("WRONG_PHASE");
      const { account, device } = core.identity.requireSelf();
      const signer = { device, seed: core.identity.keys().signSeed };
      const key = keys.at(-1)!;
      const sealed = sealHead(next, account, key, signer, primitives, random);
      const { version } = await link.request("putArchiveHead", {
        expectedVersion: BigInt(before.version),
        head: sealed,
        droppedBlobIds: dropped.map((id) => fromHex(id)!),
      });
      const stale = keeping.kept()?.keys.at(-1)?.number !== key.number;
      const after = { head: next, hash: hashOf(sealed, primitives), keyNumber: key.number, stale, version: Number(version) };
      core.store.atomically(() => {
        note(after);
        committed();
      });
      return after;
    },
  };
}
