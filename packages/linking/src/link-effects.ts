/**
 * Inputs and effects of both linking machines. How a driver serves them:
 *
 * - Carry out effects in their order. `persist` is first, synchronous and durable before the next one: what leaves the
 *   device was decided on disk. After a restart call `resume(saved, context)` and carry out its effects.
 * - `effectId` names a question; its answer comes back with the same id. Late answers are ignored.
 * - The rendezvous works on any welcomed connection. Give `connected` whenever one becomes usable: the machine then
 *   repeats its watches and unacknowledged puts (they are idempotent). While there is none, drop these effects.
 * - Byte values are base64url; `body` is a serialized LinkEnvelope.
 */
import type { ErrorName } from "@hawser/wire";
import type {
  AccountPasskeys,
  ApprovalFields,
  Base64Url,
  LinkJob,
  LinkJobResult,
  NewDeviceKind,
  NewDeviceSecrets,
  PasskeyAnswer,
} from "./link-jobs.ts";
import type { LinkStatus } from "./link-status.ts";

export type Side = "phone" | "companion";
export type LinkTimer = "deadline" | "retry" | "poll";

export type PutOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: ErrorName | "UNREACHABLE"; readonly retryAfterMs: number };

/** Inputs that both machines take. */
export type CommonInput =
  | { readonly type: "cancel" }
  | { readonly type: "connected" }
  | { readonly type: "timer"; readonly timer: LinkTimer }
  /** A slot of the other side. Repeats do no harm. */
  | { readonly type: "slot"; readonly rendezvousId: Base64Url; readonly index: number; readonly body: Base64Url }
  /** Where the link stands in the server's line; 0 when its turn has come. */
  | { readonly type: "place"; readonly rendezvousId: Base64Url; readonly place: number; readonly estimateMs: number }
  | { readonly type: "put-result"; readonly effectId: number; readonly result: PutOutcome }
  /** The server took a watch: what was there before has been said, or is being said. */
  | { readonly type: "watched"; readonly rendezvousId: Base64Url }
  /** The server refused a watch for good (not: no connection). */
  | { readonly type: "watch-failed"; readonly rendezvousId: Base64Url; readonly error: ErrorName }
  | { readonly type: "crypto-result"; readonly effectId: number; readonly result: LinkJobResult };

/** Effects that both machines have. */
export type CommonEffect<State, Status = LinkStatus> =
  /** Store `state` as JSON (it holds secrets until the attempt ends) before doing anything after it. */
  | { readonly type: "persist"; readonly state: State }
  | { readonly type: "crypto"; readonly effectId: number; readonly job: LinkJob }
  | {
      readonly type: "rendezvous-put";
      readonly effectId: number;
      readonly rendezvousId: Base64Url;
      readonly side: Side;
      readonly index: number;
      readonly body: Base64Url;
      readonly writerToken: Base64Url;
    }
  /** Watch the slots that `side` writes, from `fromIndex` on. */
  | { readonly type: "rendezvous-watch"; readonly rendezvousId: Base64Url; readonly side: Side; readonly fromIndex: number }
  | { readonly type: "rendezvous-leave"; readonly rendezvousId: Base64Url }
  | { readonly type: "set-timer"; readonly timer: LinkTimer; readonly afterMs: number }
  | { readonly type: "clear-timer"; readonly timer: LinkTimer }
  | { readonly type: "status"; readonly status: Status };

/** A code with all its keys; structurally the machine's own. */
export interface ReadyCode {
  readonly rendezvousId: Base64Url;
  readonly secret: Base64Url;
  readonly ephemeralSecret: Base64Url;
  readonly ephemeralPublicKey: Base64Url;
}

export type CompanionInput =
  | CommonInput
  /**
   * A person asks for a code (or, after a pause or a failure, for a new one). Idempotent while a link is under way. `code` is
   * one that the screen shows already, made before this machine ran: it becomes the first.
   */
  | {
      readonly type: "start";
      readonly origin: string;
      readonly deviceName: string;
      readonly platform: string;
      /** A companion when absent. */
      readonly as?: NewDeviceKind;
      readonly code?: ReadyCode;
      /** This platform can be asked for a passkey. */
      readonly passkeys?: boolean;
    }
  /** The authenticator's answer to what the status asks for; `undefined`: none here, or its person goes on without. The first one counts. */
  | { readonly type: "passkey"; readonly answer: PasskeyAnswer | undefined }
  /** Answers `activate`, or comes by itself: this device was welcomed under its certificate. */
  | { readonly type: "activated" }
  /** A verified list revokes this device (the phone undid the link). The client wipes as for any revocation. */
  | { readonly type: "revoked" };

export type CompanionEffect<State> =
  | CommonEffect<State>
  /**
   * In one transaction: store account id, device number, chain, state key and the device's secrets; then connect as this
   * device with the last list stapled, and give `activated` on its Welcome. Idempotent: it comes again after a restart.
   */
  | { readonly type: "activate"; readonly accountId: Base64Url; readonly secrets: NewDeviceSecrets; readonly approval: ApprovalFields };

/** Why a list was not signed. `RETRY`: nothing was signed and asking again may help (the store or the server is away). */
export type SignFailure = "DEVICE_LIMIT" | "LIST_CHAIN_FULL" | "LIST_INVALID" | "RETRY";

export type PhoneInput =
  | CommonInput
  /** A scanned code, already parsed for this origin, and what the offer says about this account. */
  | {
      readonly type: "scan";
      readonly code: { readonly rendezvousId: Base64Url; readonly secret: Base64Url; readonly publicKey: Base64Url };
      readonly account: { readonly accountId: Base64Url; readonly handle: string; readonly origin: string };
      readonly passkeys?: AccountPasskeys;
      /** The account has as many companions as it may have. */
      readonly full?: boolean;
      /** Failures of the attempts before this one; the client keeps the last machine's count. */
      readonly failuresInARow: number;
    }
  /**
   * The person compared the match code and says yes; `deviceName` overrides what the companion called itself. `restore`: it is this
   * device of the list, which has lost its store, and gets its identity back. `remove`: this device leaves the list as the new one
   * comes in. `typedCode`: the digits, read from the other screen; has to be
   * right when it is given, and has to be given where a passkey is asked for and was not shown.
   */
  | {
      readonly type: "approve";
      readonly deviceName?: string;
      readonly restore?: number;
      readonly remove?: number;
      readonly typedCode?: string;
    }
  /** `DEVICE_LIMIT`: nobody was asked, or would remove a device for it. */
  | { readonly type: "reject"; readonly reason?: "DEVICE_LIMIT" }
  | {
      readonly type: "list-signed";
      readonly effectId: number;
      readonly result: { readonly ok: true; readonly approval: ApprovalFields } | { readonly ok: false; readonly error: SignFailure };
    }
  /** The device was seen connected (GetDeviceActivity, or anything it said). Unasked ones are welcome. */
  | { readonly type: "device-seen"; readonly device: number }
  /** Answers `check-activity`: `undefined` when the server could not be asked. */
  | { readonly type: "activity"; readonly effectId: number; readonly everConnected: boolean | undefined }
  /** Answers `undo-list`. */
  | { readonly type: "list-undone"; readonly effectId: number; readonly done: boolean };

export type PhoneEffect<State> =
  | CommonEffect<State>
  /**
   * Build, sign and store the next list with this device, then publish it (again on every connection until accepted).
   * Idempotent by `attemptId`: when the list already names a device of this attempt, answer with that one.
   * Lists of one account are signed one after another, whatever machine asks.
   */
  | {
      readonly type: "sign-list";
      readonly effectId: number;
      readonly attemptId: Base64Url;
      readonly signingKey: Base64Url;
      readonly dhKey: Base64Url;
      readonly kind: NewDeviceKind;
      readonly deviceName: string;
      /** Sign nothing: fetch this device's secrets instead. 0: a device of its own. */
      readonly restore: number;
      /** Revoke this device in the same list, if it still stands there. 0: none. */
      readonly remove: number;
    }
  /** GetDeviceActivity: was this device ever connected? */
  | { readonly type: "check-activity"; readonly effectId: number; readonly device: number }
  /**
   * If the list names a device of this attempt: sign, store and publish one that revokes it with LINK_UNDONE. If not:
   * make sure it never will (a `sign-list` of this attempt still under way must fail). Idempotent.
   */
  | { readonly type: "undo-list"; readonly effectId: number; readonly attemptId: Base64Url };
