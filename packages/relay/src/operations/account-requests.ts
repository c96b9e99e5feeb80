/** Requests to the directory: handles, registration, device lists, blocks, activity. */
import { ACCOUNT_ID_SIZE_BYTES, type AccountId, accountIdFromBytes, accountIdToBytes, type Bytes } from "@hawser/base";
import {
  CheckHandleResultSchema,
  DeviceActivitySchema,
  DoneSchema,
  FindHandleResultSchema,
  type GetDeviceLists,
  GetDeviceActivityResultSchema,
  GetDeviceListsResultSchema,
  GetHandleResultSchema,
  HANDLE_PATTERN,
  MAX_SHORT_TEXT_BYTES,
  type PublishDeviceList,
  PublishDeviceListResultSchema,
  type Register,
  RegisterResultSchema,
  MAX_DORMANT_AFTER_DAYS,
  type SetBlocked,
  type SetDormancy,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { DirectoryError } from "../directory/directory.ts";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

/** Limits count per account where there is one, per network address otherwise. */
export const callerKey = (caller: Caller): string => caller.address?.account ?? caller.remoteAddress;

export const parseAccount = (bytes: Bytes): AccountId | undefined =>
  bytes.length === ACCOUNT_ID_SIZE_BYTES ? accountIdFromBytes(bytes) : undefined;

export function checkHandle({ roles, limits }: RequestContext, caller: Caller, handle: string): Answer {
  if (!HANDLE_PATTERN.test(handle)) return refuse("HANDLE_INVALID");
  const waitMs = limits.handleLookup.take(callerKey(caller));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const available = roles.directory().directory.accountOf(handle) === undefined;
  return { case: "checkHandle", value: create(CheckHandleResultSchema, { available }) };
}

export function findHandle({ roles, limits }: RequestContext, caller: Caller, handle: string): Answer {
  if (!HANDLE_PATTERN.test(handle)) return refuse("HANDLE_INVALID");
  const waitMs = limits.handleLookup.take(callerKey(caller));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const accountId = roles.directory().directory.accountOf(handle);
  return accountId === undefined ? refuse("HANDLE_UNKNOWN") : { case: "findHandle", value: create(FindHandleResultSchema, { accountId }) };
}

export function getHandle({ roles, limits }: RequestContext, caller: Caller, accountId: Bytes): Answer {
  const account = parseAccount(accountId);
  if (account === undefined) return refuse("MALFORMED_FIELD");
  const waitMs = limits.handleLookup.take(callerKey(caller));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const handle = roles.directory().directory.handleOf(account);
  return handle === undefined ? refuse("UNKNOWN_ACCOUNT") : { case: "getHandle", value: create(GetHandleResultSchema, { handle }) };
}

export async function requestCode({ roles, limits }: RequestContext, caller: Caller, address: string): Promise<Answer> {
  const { registration } = roles.directory();
  if (registration.mode !== "code") return refuse("REGISTRATION_CLOSED");
  if (address.length === 0 || address.length > MAX_SHORT_TEXT_BYTES || address.trim() !== address) return refuse("MALFORMED_FIELD");
  const waitMs = Math.max(limits.code.take(caller.remoteAddress), limits.codePerReceiver.take(address.toLowerCase()));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  await registration.requestCode(address);
  return { case: "requestCode", value: create(DoneSchema) };
}

export function register({ roles, limits }: RequestContext, caller: Caller, request: Register): Answer {
  const { registration } = roles.directory();
  if (!registration.isRepetition(request)) {
    const waitMs = Math.max(limits.registerTry.take(caller.remoteAddress), limits.register.take(caller.remoteAddress));
    if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  }
  const registered = registration.register(request);
  if (!registered.ok) return refuse(registered.error);
  return { case: "register", value: create(RegisterResultSchema, { accountId: accountIdToBytes(registered.value) }) };
}

export function publishDeviceList({ roles, limits }: RequestContext, caller: Caller, request: PublishDeviceList): Answer {
  if (request.list === undefined) return refuse("MALFORMED_FIELD");
  const waitMs = limits.publish.take(callerKey(caller));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const applied = roles.directory().directory.apply([request.list]);
  if (!applied.ok) return refuseLists(applied.error);
  return { case: "publishDeviceList", value: create(PublishDeviceListResultSchema, { number: BigInt(applied.value.listNumber) }) };
}

const refuseLists = (error: DirectoryError): Answer =>
  refuse(error.code, { lists: error.missing, ...(error.account === undefined ? {} : { accountId: accountIdToBytes(error.account) }) });

export function getDeviceLists({ roles, limits }: RequestContext, caller: Caller, request: GetDeviceLists): Answer {
  const account = parseAccount(request.accountId);
  if (account === undefined || request.afterNumber > BigInt(Number.MAX_SAFE_INTEGER)) return refuse("MALFORMED_FIELD");
  const waitMs = limits.deviceLists.take(callerKey(caller));
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory } = roles.directory();
  if (directory.find(account) === undefined) return refuse("UNKNOWN_ACCOUNT");
  const lists = directory.listsAfter(account, Number(request.afterNumber));
  return { case: "getDeviceLists", value: create(GetDeviceListsResultSchema, { lists }) };
}

export function setBlocked({ roles, limits }: RequestContext, caller: Caller, request: SetBlocked): Answer {
  const sender = parseAccount(request.accountId);
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  if (sender === undefined || sender === caller.address.account) return refuse("MALFORMED_FIELD");
  const waitMs = limits.accountChange.take(caller.address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory } = roles.directory();
  if (request.blocked && directory.find(sender) === undefined) return refuse("UNKNOWN_ACCOUNT");
  if (!directory.blocked.set(caller.address.account, sender, request.blocked)) return refuse("LIMIT_EXCEEDED");
  return { case: "setBlocked", value: create(DoneSchema) };
}

export function setDormancy({ roles, limits }: RequestContext, caller: Caller, { afterDays }: SetDormancy): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  if (afterDays > MAX_DORMANT_AFTER_DAYS) return refuse("MALFORMED_FIELD");
  const waitMs = limits.accountChange.take(caller.address.account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  roles.directory().dormancy.set(caller.address.account, afterDays);
  return { case: "setDormancy", value: create(DoneSchema) };
}

export function getDeviceActivity({ roles, limits }: RequestContext, caller: Caller): Answer {
  if (caller.address === undefined) return refuse("NOT_AUTHENTICATED");
  const { account, device: own } = caller.address;
  const waitMs = limits.accountChange.take(account);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const { directory, activity } = roles.directory();
  const seen = activity.of(account);
  const devices = [...(directory.find(account)?.devices.keys() ?? [])].map((device) =>
    create(DeviceActivitySchema, {
      device,
      connected: device === own || caller.isConnected(device),
      lastSeenMs: BigInt(seen.get(device) ?? 0),
    }),
  );
  return { case: "getDeviceActivity", value: create(GetDeviceActivityResultSchema, { devices }) };
}
