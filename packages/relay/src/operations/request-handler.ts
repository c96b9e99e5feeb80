/**
 * Takes each Request to its role and brings back one Response. Invariant: whatever a role throws becomes a typed failure of
 * this one request; nothing thrown leaves here. docs/PROTOCOL.md, "Requests".
 */
import { type DeviceAddress, formatAddress, OperationalError } from "@hawser/base";
import {
  ERROR_CODES,
  type ErrorName,
  MAX_SHORT_TEXT_BYTES,
  PongSchema,
  PreKeysLowSchema,
  PushSchema,
  type Request,
  type Response,
  ResponseSchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { RendezvousWatchers } from "../rendezvous/rendezvous-watchers.ts";
import type { LinkCapacity } from "../admission/link-admission.ts";
import * as account from "./account-requests.ts";
import { AdmissionDesk, type LinkLoad } from "./admission-desk.ts";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import * as archive from "./archive-requests.ts";
import * as keys from "./key-requests.ts";
import type { Caller, Operations, PreKeysLeft } from "./operations.ts";
import { reportOutcomes } from "./outcome-requests.ts";
import * as recovery from "./recovery-requests.ts";
import * as rendezvous from "./rendezvous-requests.ts";

/** Below these a connected device is asked to upload more. */
export const PRE_KEYS_LOW: PreKeysLeft = { oneTime: 20, kem: 5 };
const STORE_RETRY_AFTER_MS = 2_000;

export interface RequestHandlerOptions extends RequestContext {
  /** Replaces single bounds of `DEFAULT_LINK_CAPACITY`. */
  readonly linkCapacity?: Partial<LinkCapacity>;
  /** Something failed on this side. The operation's name and the error, no fields of the request. */
  onFault(operation: string, error: unknown): void;
  /** Each request once, by the name of its operation and of its failure, if any. */
  onAnswered?(operation: string, failure: ErrorName | undefined): void;
}

export class RequestHandler implements Operations {
  readonly #context: RequestHandlerOptions;
  readonly #hall: rendezvous.RendezvousHall;
  /** Connected devices, for pushes that another device's request causes. */
  readonly #callers = new Map<string, Caller>();

  constructor(options: RequestHandlerOptions) {
    this.#context = options;
    const watchers = new RendezvousWatchers<Caller>();
    const { clock, random, linkCapacity } = options;
    const watchersOf = (rendezvousId: Uint8Array): Caller[] => watchers.watching(rendezvousId);
    this.#hall = {
      watchers,
      desk: new AdmissionDesk({ clock, random, watchersOf, ...(linkCapacity === undefined ? {} : { capacity: linkCapacity }) }),
    };
  }

  get linkLoad(): LinkLoad {
    return this.#hall.desk.load;
  }

  connected(caller: Caller): void {
    if (caller.address === undefined) return;
    this.#callers.set(formatAddress(caller.address), caller);
    this.#noteSeen(caller.address);
  }

  disconnected(caller: Caller): void {
    this.#hall.watchers.disconnected(caller);
    this.#hall.desk.disconnected(caller);
    if (caller.address === undefined) return;
    const key = formatAddress(caller.address);
    if (this.#callers.get(key) === caller) this.#callers.delete(key);
    this.#noteSeen(caller.address);
  }

  preKeysLeft(address: DeviceAddress): PreKeysLeft {
    try {
      return this.#context.roles.preKeys().left(address);
    } catch (error) {
      this.#context.onFault("preKeysLeft", error);
      return { oneTime: 0, kem: 0 };
    }
  }

  highestPreKeys(address: DeviceAddress): PreKeysLeft {
    try {
      return this.#context.roles.preKeys().highest(address);
    } catch (error) {
      this.#context.onFault("highestPreKeys", error);
      return { oneTime: 0, kem: 0 };
    }
  }

  handle(caller: Caller, request: Request): Response | Promise<Response> {
    const operation = request.operation.case ?? "unknown";
    try {
      if (caller.address !== undefined && !this.#callers.has(formatAddress(caller.address))) this.connected(caller);
      const answer = this.#dispatch(caller, request);
      if (!(answer instanceof Promise)) return this.#respond(request, operation, answer);
      return answer.then(
        (result) => this.#respond(request, operation, result),
        (error: unknown) => this.#respond(request, operation, this.#failed(operation, error)),
      );
    } catch (error) {
      return this.#respond(request, operation, this.#failed(operation, error));
    }
  }

  #dispatch(caller: Caller, request: Request): Answer | Promise<Answer> {
    const context = this.#context;
    const waitMs = context.limits.request.take(account.callerKey(caller));
    if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
    const { operation } = request;
    switch (operation.case) {
      case "checkHandle":
        return account.checkHandle(context, caller, operation.value.handle);
      case "requestCode":
        return account.requestCode(context, caller, operation.value.address);
      case "register":
        return account.register(context, caller, operation.value);
      case "findHandle":
        return account.findHandle(context, caller, operation.value.handle);
      case "getHandle":
        return account.getHandle(context, caller, operation.value.accountId);
      case "publishDeviceList":
        return account.publishDeviceList(context, caller, operation.value);
      case "getDeviceLists":
        return account.getDeviceLists(context, caller, operation.value);
      case "setBlocked":
        return account.setBlocked(context, caller, operation.value);
      case "setDormancy":
        return account.setDormancy(context, caller, operation.value);
      case "getDeviceActivity":
        return account.getDeviceActivity(context, caller);
      case "uploadPreKeys":
        return keys.uploadPreKeys(context, caller, operation.value);
      case "claimPreKeys": {
        const answer = keys.claimPreKeys(context, caller, operation.value);
        if (answer.case === "claimPreKeys")
          this.#warnOwners(
            operation.value.accountId,
            answer.value.bundles.map((bundle) => bundle.device),
          );
        return answer;
      }
      case "putRecoveryCapsule":
        return recovery.putRecoveryCapsule(context, caller, operation.value.capsule);
      case "getRecoveryCapsule":
        return recovery.getRecoveryCapsule(context, caller, operation.value.handle);
      case "putPasskeyCapsule":
        return recovery.putPasskeyCapsule(context, caller, operation.value);
      case "getPasskeyCapsule":
        return recovery.getPasskeyCapsule(context, caller, operation.value.locator);
      case "getRecoveryState":
        return recovery.getRecoveryState(context, caller);
      case "removeRecoveryCapsule":
        return recovery.removeRecoveryCapsule(context, caller, operation.value.credentialHash);
      case "putDeviceCapsule":
        return keys.putDeviceCapsule(context, caller, operation.value.capsule);
      case "getDeviceCapsule":
        return keys.getDeviceCapsule(context, caller, operation.value.device);
      case "getArchiveHead":
        return archive.getArchiveHead(context, caller);
      case "putArchiveHead":
        return archive.putArchiveHead(context, caller, operation.value);
      case "deleteArchive":
        return archive.deleteArchive(context, caller);
      case "grantUpload":
        return keys.grantUpload(context, caller, operation.value);
      case "rendezvousPut":
        return rendezvous.rendezvousPut(context, this.#hall, caller, operation.value);
      case "rendezvousWatch":
        return rendezvous.rendezvousWatch(context, this.#hall, caller, operation.value);
      case "rendezvousLeave":
        return rendezvous.rendezvousLeave(this.#hall, caller, operation.value);
      case "ping":
        if (operation.value.payload.length > MAX_SHORT_TEXT_BYTES) return refuse("LIMIT_EXCEEDED");
        return {
          case: "ping",
          value: create(PongSchema, { payload: operation.value.payload, serverTimeMs: BigInt(Math.floor(context.clock.nowMs())) }),
        };
      case "reportOutcomes":
        return reportOutcomes(context, caller, operation.value.outcomes);
      case undefined:
        return refuse("UNKNOWN_OPERATION");
    }
  }

  /** Tells connected devices whose one-time keys are running out because of a claim. */
  #warnOwners(accountId: Uint8Array, devices: readonly number[]): void {
    const owner = account.parseAccount(accountId);
    for (const device of devices) {
      const caller = this.#callers.get(`${owner}/${device}`);
      if (caller?.address === undefined) continue;
      const left = this.preKeysLeft(caller.address);
      if (left.oneTime >= PRE_KEYS_LOW.oneTime && left.kem >= PRE_KEYS_LOW.kem) continue;
      const value = create(PreKeysLowSchema, { oneTimePreKeysLeft: left.oneTime, oneTimeKemPreKeysLeft: left.kem });
      caller.push(create(PushSchema, { event: { case: "preKeysLow", value } }));
    }
  }

  /** Being seen is a courtesy: its failure fails nothing. */
  #noteSeen(address: DeviceAddress): void {
    try {
      const { directory, activity } = this.#context.roles.directory();
      // A device that has left the list is not seen on its way out.
      if (directory.find(address.account)?.devices.has(address.device)) activity.seen(address, this.#context.clock.nowMs());
    } catch (error) {
      this.#context.onFault("deviceActivity", error);
    }
  }

  #respond(request: Request, operation: string, result: Answer): Response {
    const failure =
      result.case === "failure"
        ? (Object.keys(ERROR_CODES) as ErrorName[]).find((name) => ERROR_CODES[name].code === result.value.error)
        : undefined;
    this.#context.onAnswered?.(operation, failure);
    return create(ResponseSchema, { id: request.id, result });
  }

  #failed(operation: string, error: unknown): Answer {
    this.#context.onFault(operation, error);
    if (error instanceof OperationalError && error.code in ERROR_CODES) {
      return refuse(error.code as ErrorName, {
        retryAfterMs: typeof error.retry === "object" ? error.retry.afterMs : STORE_RETRY_AFTER_MS,
      });
    }
    return refuse(isStoreError(error) ? "STORE_UNAVAILABLE" : "INTERNAL", { retryAfterMs: STORE_RETRY_AFTER_MS });
  }
}

/** SQLite drivers mark their errors by code or name. */
function isStoreError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return error.name.startsWith("SQLite") || (typeof code === "string" && /SQLITE|ERR_INVALID_STATE/.test(code));
}
