/** What a verdict can say: whose trouble it is, and its cause. Append only: scripts read the names. */
export type Whose = "nobody" | "me" | "network" | "server" | "cannot-tell";

export const CAUSES = {
  ALL_WELL: "nobody",
  SERVER_DOWN: "server",
  SERVER_SILENT: "server",
  SERVER_FAULTY: "server",
  SERVER_BUSY: "server",
  SERVER_FORGOT: "server",
  SERVER_REFUSES: "server",
  SERVER_TOO_OLD: "server",
  MESSAGES_DOWN: "server",
  LINKING_DOWN: "server",
  KEYS_DOWN: "server",
  FILES_DOWN: "server",
  NO_NETWORK: "network",
  NAME_NOT_FOUND: "network",
  NO_ROUTE: "network",
  INTERCEPTED: "network",
  LOGIN_PAGE: "network",
  SOCKET_BLOCKED: "network",
  ANSWERS_ALTERED: "network",
  DEVICE_REVOKED: "me",
  CLIENT_TOO_OLD: "me",
  STORAGE_DAMAGED: "me",
  STORAGE_LOST: "me",
  STORAGE_FULL: "me",
  STORAGE_FLEETING: "me",
  PROFILE_LOCKED: "me",
  CLOCK_WRONG: "me",
  CERTIFICATE_DATES: "cannot-tell",
  NO_ANSWER: "cannot-tell",
  LIST_CONFLICT: "cannot-tell",
  CONTRADICTION: "cannot-tell",
  TOO_LITTLE: "cannot-tell",
} as const satisfies Record<string, Whose>;

export type Cause = keyof typeof CAUSES;
