/** The bytes of an attachment: from this device, from the server, or from another own device; verified, decrypted and kept. */
import { type BlobId, type Bytes, type MessageId, OperationalError } from "@hawser/base";
import { openStream, sealedStreamSizeBytes } from "@hawser/crypto";
import { MAX_BLOB_BYTES } from "@hawser/wire";
import type { AttachmentAsker } from "../attachments/asker.ts";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { Core } from "../core.ts";

export async function readAttachment(
  core: Core,
  transfer: BlobTransfer,
  asker: AttachmentAsker,
  id: MessageId,
  index: number,
): Promise<Bytes> {
  try {
    return await fetchAttachment(core, transfer, id, index);
  } catch (error) {
    // Gone, damaged or never there: another own device may have it.
    const elsewhere = error instanceof OperationalError && (error.code === "BLOB_UNKNOWN" || error.code === "BLOB_MISMATCH");
    if (!elsewhere) throw error;
    return asker.obtain(id, index);
  }
}

/** What this device or the server has. Rejects with BLOB_UNKNOWN, BLOB_MISMATCH, or what HTTP says. */
export async function fetchAttachment(core: Core, transfer: BlobTransfer, id: MessageId, index: number): Promise<Bytes> {
  const row = core.store.messages.attachment(id, index);
  if (row === undefined) throw new OperationalError("UNKNOWN_MESSAGE");
  const local = row.local_id === null ? undefined : core.store.blobs.get(row.local_id);
  if (local !== undefined) return local;
  if (row.blob === null || row.key === null || row.size_bytes > MAX_BLOB_BYTES) throw new OperationalError("BLOB_UNKNOWN");
  const sealed = await transfer.download(row.blob as BlobId, sealedStreamSizeBytes(row.size_bytes));
  const opened = openStream(core.ports.primitives, row.key, sealed);
  if (!opened.ok || opened.value.length !== row.size_bytes) throw new OperationalError("BLOB_MISMATCH");
  core.store.atomically(() => {
    core.store.blobs.put(row.blob!, opened.value);
    core.store.messages.setLocal(row.message, row.idx, row.blob!);
  });
  core.notify.message(id, false);
  return opened.value;
}
