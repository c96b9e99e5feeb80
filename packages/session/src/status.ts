/** What people and the diagnosis see of a session: a projection, computed from the state alone. */
import type { SessionState, SessionStatus } from "./types.ts";

export function sessionStatus(state: SessionState): SessionStatus {
  switch (state.kind) {
    case "idle":
    case "revoked":
      return { kind: "idle" };
    case "opening":
    case "awaiting-hello":
    case "signing":
    case "awaiting-welcome":
      return { kind: "connecting", attempt: state.failures + 1 };
    case "online":
      return { kind: "online", clockOffsetMs: state.clockOffsetMs, catchingUp: state.catchingUp };
    case "update-needed":
      return { kind: "update-needed", error: state.error === "SERVER_TOO_OLD" ? "SERVER_TOO_OLD" : "CLIENT_TOO_OLD" };
    case "verifying-revocation":
    case "waiting":
      return { kind: "offline", error: state.error, retryAtMs: state.retryAtMs, attempt: state.failures, cause: state.cause };
  }
}

/** Whether a SEND or a request given now would leave at once. */
export const canSend = (state: SessionState): boolean => state.kind === "online";
