/** The two shapes of an answer: a result of the operation's own kind, or a failure with a code of the registry. */
import {
  ERROR_CODES,
  type ErrorName,
  FailureSchema,
  type OutcomeCount,
  type OutcomeRefused,
  type Response,
  type SignedDeviceList,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Bytes, Clock, Primitives, Random } from "@hawser/base";
import type { BlobBooks } from "../blobs/blob-books.ts";
import type { BlobPurpose } from "../blobs/upload-ticket.ts";
import type { DirectoryRole } from "../directory/directory-role.ts";
import type { PreKeyStore } from "../prekeys/prekey-store.ts";
import type { RateTables } from "../rate-limits/request-limits.ts";
import type { RendezvousStore } from "../rendezvous/rendezvous-store.ts";
import type { Caller } from "./operations.ts";

export type Answer = Response["result"];

export interface Refusal {
  readonly retryAfterMs?: number;
  readonly lists?: readonly SignedDeviceList[];
  readonly accountId?: Bytes;
}

export function refuse(name: ErrorName, refusal: Refusal = {}): Answer {
  const value = create(FailureSchema, {
    error: ERROR_CODES[name].code,
    retryAfterMs: Math.min(0xffff_ffff, Math.ceil(refusal.retryAfterMs ?? 0)),
    lists: [...(refusal.lists ?? [])],
    accountId: refusal.accountId ?? new Uint8Array(0),
  });
  return { case: "failure", value };
}

/**
 * The roles behind the requests. Each accessor throws `OperationalError` STORE_UNAVAILABLE while its role is down, so that
 * one role's trouble fails its own requests and no others.
 */
export interface Roles {
  directory(): DirectoryRole;
  preKeys(): PreKeyStore;
  rendezvous(): RendezvousStore;
  blobs(): BlobBooks;
}

/** What every family of requests works with. */
export interface RequestContext {
  readonly roles: Roles;
  readonly limits: RateTables;
  readonly clock: Clock;
  readonly random: Random;
  readonly primitives: Primitives;
  /** 32 bytes: seals upload tickets. */
  readonly ticketKey: Bytes;
  readonly blobQuotaBytes: Readonly<Record<BlobPurpose, number>>;
  readonly ticketLifetimeMs: number;
  /** Takes what devices report of their attempts; a server without it does not know the operation. */
  readonly outcomes?: (caller: Caller, reported: readonly OutcomeCount[]) => readonly OutcomeRefused[];
}
