/** Requests about keys: prekeys and capsules of devices, tickets for blobs. All need an authenticated device. */
import { parseDeviceNumber } from "@hawser/base";
import {
  BlobPurpose as WirePurpose,
  type ClaimPreKeys,
  ClaimPreKeysResultSchema,
  DoneSchema,
  GetDeviceCapsuleResultSchema,
  type GrantUpload,
  GrantUploadResultSchema,
  MAX_DEVICES,
  MAX_RECOVERY_CAPSULE_BYTES,
  type UploadPreKeys,
  UploadPreKeysResultSchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { type BlobPurpose, sealTicket } from "../blobs/upload-ticket.ts";
import { faultOfUpload } from "../prekeys/check-upload.ts";
import { parseAccount } from "./account-requests.ts";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

/** One ticket serves a whole job of many blobs. */
export const MAX_TICKET_BYTES = 2 ** 31;
const TICKET_SERIAL_SIZE_BYTES = 8;

export function uploadPreKeys({ roles, limits, primitives }: RequestContext, caller: Caller, request: UploadPreKeys): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  if (request.upload === undefined) return refuse("MALFORMED_FIELD");
  const waitMs = limits.preKeyUpload.take(`${caller.address.account}/${caller.address.device}`);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const device = roles.directory().directory.find(caller.address.account)?.devices.get(caller.address.device);
  if (device === undefined) return refuse("UNKNOWN_DEVICE");
  const fault = faultOfUpload(primitives, device, request.upload);
  if (fault !== undefined) return refuse(fault);
  const preKeys = roles.preKeys();
  if (!preKeys.upload(caller.address, request.upload)) return refuse("MALFORMED_FIELD");
  const left = preKeys.left(caller.address);
  return {
    case: "uploadPreKeys",
    value: create(UploadPreKeysResultSchema, { oneTimePreKeysLeft: left.oneTime, oneTimeKemPreKeysLeft: left.kem }),
  };
}

/** Devices that are not in the account's list are left out: a SEND to them would be told so anyway. */
export function claimPreKeys({ roles, limits }: RequestContext, caller: Caller, request: ClaimPreKeys): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  const account = parseAccount(request.accountId);
  if (account === undefined) return refuse("MALFORMED_FIELD");
  if (request.devices.length === 0 || request.devices.length > MAX_DEVICES) return refuse("LIMIT_EXCEEDED");
  const asked = request.devices.map(parseDeviceNumber);
  if (asked.includes(undefined) || new Set(asked).size !== asked.length) return refuse("MALFORMED_FIELD");
  const listed = roles.directory().directory.find(account)?.devices;
  if (listed === undefined) return refuse("UNKNOWN_ACCOUNT");
  const devices = asked.filter((device) => device !== undefined && listed.has(device)) as NonNullable<(typeof asked)[number]>[];

  const claimer = caller.address.account;
  const pairWaitMs = Math.max(0, ...devices.map((device) => limits.claimPerPair.take(`${claimer}>${account}/${device}`)));
  const waitMs = Math.max(pairWaitMs, limits.claimPerClaimer.take(claimer, devices.length));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const claim = roles.preKeys().claim(account, devices);
  return {
    case: "claimPreKeys",
    value: create(ClaimPreKeysResultSchema, { bundles: [...claim.bundles], withoutKeys: [...claim.withoutKeys] }),
  };
}

/** Only the device itself leaves one: nobody else could put another identity in its place. */
export function putDeviceCapsule({ roles, limits }: RequestContext, caller: Caller, capsule: Uint8Array): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  if (capsule.length === 0 || capsule.length > MAX_RECOVERY_CAPSULE_BYTES) return refuse("LIMIT_EXCEEDED");
  const waitMs = limits.accountChange.take(caller.address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory, deviceCapsules } = roles.directory();
  if (directory.find(caller.address.account)?.devices.has(caller.address.device) !== true) return refuse("UNKNOWN_DEVICE");
  deviceCapsules.put(caller.address, capsule);
  return { case: "putDeviceCapsule", value: create(DoneSchema) };
}

/** For the account's phones: they hold what opens it. */
export function getDeviceCapsule({ roles, limits }: RequestContext, caller: Caller, number: number): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  const device = parseDeviceNumber(number);
  if (device === undefined) return refuse("MALFORMED_FIELD");
  const waitMs = limits.accountChange.take(caller.address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory, deviceCapsules } = roles.directory();
  const devices = directory.find(caller.address.account)?.devices;
  if (devices?.get(caller.address.device)?.kind !== "phone") return refuse("NOT_AUTHENTICATED");
  const capsule = devices.has(device) ? deviceCapsules.get({ account: caller.address.account, device }) : undefined;
  if (capsule === undefined) return refuse("RECOVERY_UNKNOWN");
  return { case: "getDeviceCapsule", value: create(GetDeviceCapsuleResultSchema, { capsule }) };
}

export function grantUpload(context: RequestContext, caller: Caller, request: GrantUpload): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  const purpose = purposeOf(request.purpose);
  if (purpose === undefined || request.sizeBytes === 0n) return refuse("MALFORMED_FIELD");
  if (request.sizeBytes > BigInt(MAX_TICKET_BYTES)) return refuse("LIMIT_EXCEEDED");
  const { account } = caller.address;
  const waitMs = context.limits.grant.take(account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const sizeBytes = Number(request.sizeBytes);
  const left = context.blobQuotaBytes[purpose] - context.roles.blobs().usedBytes(account, purpose);
  if (sizeBytes > left) return refuse("QUOTA_EXCEEDED");
  const ticket = sealTicket(context.primitives, context.ticketKey, {
    account,
    purpose,
    sizeBytes,
    expiresAtMs: context.clock.nowMs() + context.ticketLifetimeMs,
    serial: context.random.bytes(TICKET_SERIAL_SIZE_BYTES),
  });
  const value = create(GrantUploadResultSchema, { ticket, expiresInMs: context.ticketLifetimeMs, sizeBytesLeft: BigInt(left - sizeBytes) });
  return { case: "grantUpload", value };
}

function purposeOf(purpose: WirePurpose): BlobPurpose | undefined {
  if (purpose === WirePurpose.ATTACHMENT) return "attachment";
  if (purpose === WirePurpose.ARCHIVE) return "archive";
  return purpose === WirePurpose.HISTORY ? "history" : undefined;
}
