/**
 * Requests about what gives an account back: the capsule of its recovery code and those of its passkeys. Only a phone holds the account
 * key, so only a phone stores, sees and removes them; whoever lost all devices asks without one.
 */
import { create } from "@bufbuild/protobuf";
import {
  DoneSchema,
  GetRecoveryCapsuleResultSchema,
  GetRecoveryStateResultSchema,
  HANDLE_PATTERN,
  MAX_RECOVERY_CAPSULE_BYTES,
  type PutPasskeyCapsule,
} from "@hawser/wire";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

const HASH_SIZE_BYTES = 32;
const LOCATOR_SIZE_BYTES = 32;
const isCapsuleSize = (capsule: Uint8Array): boolean => capsule.length > 0 && capsule.length <= MAX_RECOVERY_CAPSULE_BYTES;

export function putRecoveryCapsule(context: RequestContext, caller: Caller, capsule: Uint8Array): Answer {
  if (!isCapsuleSize(capsule)) return refuse("LIMIT_EXCEEDED");
  const refused = refuseUnlessPhone(context, caller);
  if (refused !== undefined) return refused;
  context.roles.directory().recovery.put(caller.address!.account, capsule, context.clock.nowMs());
  return { case: "putRecoveryCapsule", value: create(DoneSchema) };
}

export function getRecoveryCapsule({ roles, limits, clock }: RequestContext, caller: Caller, handle: string): Answer {
  if (!HANDLE_PATTERN.test(handle)) return refuse("HANDLE_INVALID");
  const waitMs = limits.recoveryGet.take(caller.remoteAddress);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory, recovery } = roles.directory();
  const accountId = directory.accountOf(handle);
  if (accountId === undefined) return refuse("RECOVERY_UNKNOWN");
  const answer = recovery.get(accountId, clock.nowMs());
  if (answer.kind === "unknown") return refuse("RECOVERY_UNKNOWN");
  if (answer.kind === "wait") return refuse("RATE_LIMITED", { retryAfterMs: answer.retryAfterMs });
  return { case: "getRecoveryCapsule", value: create(GetRecoveryCapsuleResultSchema, { accountId, capsule: answer.capsule }) };
}

export function putPasskeyCapsule(context: RequestContext, caller: Caller, request: PutPasskeyCapsule): Answer {
  const { credentialHash, locator, capsule } = request;
  if (!isCapsuleSize(capsule)) return refuse("LIMIT_EXCEEDED");
  if (credentialHash.length !== HASH_SIZE_BYTES || locator.length !== LOCATOR_SIZE_BYTES) return refuse("MALFORMED_FIELD");
  const refused = refuseUnlessPhone(context, caller);
  if (refused !== undefined) return refused;
  const { passkeyCapsules } = context.roles.directory();
  const outcome = passkeyCapsules.put(caller.address!.account, { credentialHash, locator, capsule }, context.clock.nowMs());
  if (outcome !== "stored") return refuse(outcome === "full" ? "LIMIT_EXCEEDED" : "MALFORMED_FIELD");
  return { case: "putPasskeyCapsule", value: create(DoneSchema) };
}

export function getPasskeyCapsule({ roles, limits }: RequestContext, caller: Caller, locator: Uint8Array): Answer {
  if (locator.length !== LOCATOR_SIZE_BYTES) return refuse("MALFORMED_FIELD");
  const waitMs = limits.recoveryGet.take(caller.remoteAddress);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const found = roles.directory().passkeyCapsules.find(locator);
  if (found === undefined) return refuse("RECOVERY_UNKNOWN");
  const value = create(GetRecoveryCapsuleResultSchema, { accountId: found.account, capsule: found.capsule });
  return { case: "getPasskeyCapsule", value };
}

export function getRecoveryState(context: RequestContext, caller: Caller): Answer {
  const refused = refuseUnlessPhone(context, caller);
  if (refused !== undefined) return refused;
  const { account } = caller.address!;
  const { recovery, passkeyCapsules } = context.roles.directory();
  const codeSinceMs = recovery.sinceMs(account);
  const value = create(GetRecoveryStateResultSchema, {
    hasCode: codeSinceMs !== undefined,
    codeSinceMs: BigInt(codeSinceMs ?? 0),
    passkeys: passkeyCapsules.list(account).map(({ credentialHash, sinceMs }) => ({ credentialHash, sinceMs: BigInt(sinceMs) })),
  });
  return { case: "getRecoveryState", value };
}

export function removeRecoveryCapsule(context: RequestContext, caller: Caller, credentialHash: Uint8Array): Answer {
  if (credentialHash.length !== 0 && credentialHash.length !== HASH_SIZE_BYTES) return refuse("MALFORMED_FIELD");
  const refused = refuseUnlessPhone(context, caller);
  if (refused !== undefined) return refused;
  const { account } = caller.address!;
  const { recovery, passkeyCapsules } = context.roles.directory();
  if (credentialHash.length === 0) recovery.remove(account);
  else passkeyCapsules.remove(account, credentialHash);
  return { case: "removeRecoveryCapsule", value: create(DoneSchema) };
}

function refuseUnlessPhone({ roles, limits }: RequestContext, { address }: Caller): Answer | undefined {
  if (address === undefined) return refuse("NOT_AUTHENTICATED");
  const waitMs = limits.accountChange.take(address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const isPhone = roles.directory().directory.find(address.account)?.devices.get(address.device)?.kind === "phone";
  return isPhone ? undefined : refuse("NOT_AUTHENTICATED");
}
