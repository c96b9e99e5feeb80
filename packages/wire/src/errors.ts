/**
 * The registry of error codes. Append only: a number is never reused and never changes its meaning or its class.
 * Text for people lives in the UI catalogues, one entry per name. docs/ERRORS.md lists it.
 *
 * Classes: `retry` try again later, nothing changes · `update` this program is too old (or the server is) · `ask` a person
 * must decide or correct something · `revoked` carries a signed revocation, the only thing that signs a device out ·
 * `fault` the request itself was wrong: a bug, do not repeat it.
 */
export type ErrorClass = "retry" | "update" | "ask" | "revoked" | "fault";

export const ERROR_CODES = {
  INTERNAL: { code: 1, class: "retry" },
  OVERLOADED: { code: 2, class: "retry" },
  RATE_LIMITED: { code: 3, class: "retry" },
  SHUTTING_DOWN: { code: 4, class: "retry" },
  STORE_UNAVAILABLE: { code: 5, class: "retry" },
  TIMEOUT: { code: 6, class: "retry" },
  REPLACED_BY_SAME_DEVICE: { code: 7, class: "retry" },
  TOO_MANY_CONNECTIONS: { code: 8, class: "retry" },

  MALFORMED_FRAME: { code: 20, class: "fault" },
  UNKNOWN_FRAME: { code: 21, class: "fault" },
  FRAME_TOO_LARGE: { code: 22, class: "fault" },
  LIMIT_EXCEEDED: { code: 23, class: "fault" },
  UNEXPECTED_FRAME: { code: 24, class: "fault" },
  UNKNOWN_OPERATION: { code: 25, class: "fault" },
  NOT_AUTHENTICATED: { code: 26, class: "fault" },
  MALFORMED_FIELD: { code: 27, class: "fault" },

  CLIENT_TOO_OLD: { code: 40, class: "update" },
  SERVER_TOO_OLD: { code: 41, class: "update" },

  BAD_SIGNATURE: { code: 60, class: "retry" },
  UNKNOWN_ACCOUNT: { code: 61, class: "retry" },
  UNKNOWN_DEVICE: { code: 62, class: "retry" },
  DEVICE_REVOKED: { code: 63, class: "revoked" },

  HANDLE_TAKEN: { code: 80, class: "ask" },
  HANDLE_INVALID: { code: 81, class: "ask" },
  HANDLE_UNKNOWN: { code: 82, class: "ask" },
  INVITATION_INVALID: { code: 83, class: "ask" },
  CODE_INVALID: { code: 84, class: "ask" },
  REGISTRATION_CLOSED: { code: 85, class: "ask" },
  ACCOUNT_EXISTS: { code: 86, class: "ask" },
  RECOVERY_UNKNOWN: { code: 87, class: "ask" },

  STALE_LIST: { code: 100, class: "retry" },
  LIST_CONFLICT: { code: 101, class: "ask" },
  LIST_INVALID: { code: 102, class: "fault" },
  DEVICE_LIMIT: { code: 103, class: "ask" },
  /** The account's chain of lists is as long as it may be: only lists that remove devices go on. */
  LIST_CHAIN_FULL: { code: 104, class: "ask" },

  MAILBOX_FULL: { code: 120, class: "retry" },
  RECIPIENT_UNKNOWN: { code: 121, class: "ask" },

  RENDEZVOUS_CONFLICT: { code: 140, class: "ask" },
  RENDEZVOUS_EXPIRED: { code: 141, class: "ask" },
  RENDEZVOUS_FULL: { code: 142, class: "fault" },

  BLOB_UNKNOWN: { code: 160, class: "ask" },
  BLOB_MISMATCH: { code: 161, class: "fault" },
  BLOB_TICKET_INVALID: { code: 162, class: "retry" },
  QUOTA_EXCEEDED: { code: 163, class: "ask" },

  /** The link waits for its turn; its place comes as a Push. The same write again keeps the place. */
  ADMISSION_QUEUED: { code: 190, class: "retry" },
  /** Nobody more may wait; `retry_after_ms` is this link's own appointment. */
  ADMISSION_FULL: { code: 191, class: "retry" },

  OUTCOME_UNKNOWN: { code: 210, class: "fault" },

  /** Another device has written the archive's head meanwhile: read it, then again. */
  ARCHIVE_CONFLICT: { code: 230, class: "retry" },
} as const satisfies Record<string, { code: number; class: ErrorClass }>;

export type ErrorName = keyof typeof ERROR_CODES;

const NAMES_BY_CODE = new Map<number, ErrorName>((Object.keys(ERROR_CODES) as ErrorName[]).map((name) => [ERROR_CODES[name].code, name]));

/** The name behind a code from the wire; `undefined` for one this version does not know (treat as class `retry`). */
export const errorName = (code: number): ErrorName | undefined => NAMES_BY_CODE.get(code);

/** An unknown code means retry: a newer server must not be able to make an older client give up. */
export const errorClass = (code: number): ErrorClass => {
  const name = errorName(code);
  return name === undefined ? "retry" : ERROR_CODES[name].class;
};

/** WebSocket close codes by class, so that a client knows what to do even when the Goodbye before it was lost. */
export const CLOSE_CODES = { retry: 4000, update: 4100, ask: 4200, revoked: 4300, fault: 4400 } as const satisfies Record<
  ErrorClass,
  number
>;

/** The class of a close code; anything unknown (1006 among them) means retry. */
export function closeCodeClass(code: number): ErrorClass {
  for (const name of ["update", "ask", "revoked", "fault"] as const) {
    if (code >= CLOSE_CODES[name] && code < CLOSE_CODES[name] + 100) return name;
  }
  return "retry";
}
