/** Requests about the account's encrypted archive: its head, and its end. */
import { create } from "@bufbuild/protobuf";
import { type BlobId, toHex } from "@hawser/base";
import {
  DoneSchema,
  GetArchiveHeadResultSchema,
  MAX_ARCHIVE_DROPS,
  MAX_ARCHIVE_HEAD_BYTES,
  type PutArchiveHead,
  PutArchiveHeadResultSchema,
} from "@hawser/wire";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

const BLOB_ID_SIZE_BYTES = 32;

export function getArchiveHead(context: RequestContext, caller: Caller): Answer {
  const refused = mayAsk(context, caller);
  if (refused !== undefined) return refused;
  const { account } = caller.address!;
  const books = context.roles.blobs();
  const { version, head } = books.archives.get(account);
  const value = create(GetArchiveHeadResultSchema, {
    version: BigInt(version),
    head,
    usedBytes: BigInt(books.usedBytes(account, "archive")),
    quotaBytes: BigInt(context.blobQuotaBytes.archive),
  });
  return { case: "getArchiveHead", value };
}

export function putArchiveHead(context: RequestContext, caller: Caller, request: PutArchiveHead): Answer {
  const { head, droppedBlobIds, expectedVersion } = request;
  if (head.length > MAX_ARCHIVE_HEAD_BYTES || droppedBlobIds.length > MAX_ARCHIVE_DROPS) return refuse("LIMIT_EXCEEDED");
  const refused = mayAsk(context, caller);
  if (refused !== undefined) return refused;
  if (head.length === 0 || droppedBlobIds.some((id) => id.length !== BLOB_ID_SIZE_BYTES)) return refuse("MALFORMED_FIELD");
  const dropped = droppedBlobIds.map((id) => toHex(id) as BlobId);
  const version = context.roles.blobs().archives.put(caller.address!.account, Number(expectedVersion), head, dropped);
  if (version === undefined) return refuse("ARCHIVE_CONFLICT");
  return { case: "putArchiveHead", value: create(PutArchiveHeadResultSchema, { version: BigInt(version) }) };
}

/** A stolen companion must not take the archive from the others. */
export function deleteArchive(context: RequestContext, caller: Caller): Answer {
  const refused = mayAsk(context, caller);
  if (refused !== undefined) return refused;
  const { account, device } = caller.address!;
  if (context.roles.directory().directory.find(account)?.devices.get(device)?.kind !== "phone") return refuse("NOT_AUTHENTICATED");
  context.roles.blobs().archives.delete(account);
  return { case: "deleteArchive", value: create(DoneSchema) };
}

/** A device that has left the list has no business here, however its connection still stands. */
function mayAsk({ limits, roles }: RequestContext, { address }: Caller): Answer | undefined {
  if (address === undefined) return refuse("NOT_AUTHENTICATED");
  const waitMs = limits.archive.take(address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  return roles.directory().directory.find(address.account)?.devices.has(address.device) === true ? undefined : refuse("UNKNOWN_DEVICE");
}
