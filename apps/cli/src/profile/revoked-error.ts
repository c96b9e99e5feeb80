/** The one thing that signs a device out, told with who did it and when. */
import type { ClientState, RevocationInfo } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { safeName } from "../terminal/safe-text.ts";
import { formatTime } from "../terminal/times.ts";

const REASONS: Readonly<Record<RevocationInfo["reason"], string>> = {
  "by-user": "It was removed from the device list.",
  replaced: "The account was restored on a new phone.",
  "link-undone": "Its link was undone before it was complete.",
  lost: "It was reported lost.",
  unspecified: "No reason was given.",
};

export class RevokedError extends CliError {
  override readonly name = "RevokedError";
  readonly revocation: RevocationInfo;

  constructor(revocation: RevocationInfo) {
    const { revokedByName, revokedBy, revokedAtMs, reason } = revocation;
    const who = revokedByName === "" ? `device ${revokedBy}` : `"${safeName(revokedByName)}" (device ${revokedBy})`;
    super("REVOKED", {
      detail: `This device was signed out by ${who} on ${formatTime(revokedAtMs)}. ${REASONS[reason]} Its keys and messages were erased.`,
      next: "To use the account here again: hawser link",
    });
    this.revocation = revocation;
  }
}

/** @throws RevokedError when the account has signed this device out. */
export function refuseRevoked(state: ClientState): void {
  if (state.phase !== "revoked") return;
  throw new RevokedError(state.revocation ?? { revokedAtMs: 0, revokedBy: 0 as never, revokedByName: "", reason: "unspecified" });
}
