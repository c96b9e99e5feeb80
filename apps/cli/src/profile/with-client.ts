/** Runs a command's body on its profile's client, and closes it whatever happens. */
import type { ClientState, HawserClient } from "@hawser/sdk";
import type { Context } from "../context.ts";
import { CliError } from "../error-text.ts";
import { clockTrouble } from "./clock-trouble.ts";
import { explainLoss, lostStorage } from "./lost-storage.ts";
import { openProfile } from "./open-profile.ts";
import { forgetOwner, locateProfile, type ProfilePlace, profileExists, rememberedOwner, rememberServer } from "./profile-folder.ts";
import { refuseRevoked } from "./revoked-error.ts";
import { untilOnline, untilSent } from "./waits.ts";

/** How long a finished command stays for what still has to leave. */
const LAST_WORDS_DEADLINE_MS = 1_500;

export interface Need {
  /** `member`: an account is here. `none`: none yet. `any`: whatever. */
  readonly phase: "member" | "none" | "any";
  /** Wait for the server first. */
  readonly online?: boolean;
  /** The command stays: others may use the profile through it. */
  readonly share?: boolean;
}

export interface OpenProfile {
  readonly client: HawserClient;
  readonly place: ProfilePlace;
  /** As it was when the body began. */
  readonly state: ClientState;
}

export async function withClient<T>(context: Context, need: Need, body: (profile: OpenProfile) => Promise<T>): Promise<T> {
  const place = locateProfile(context);
  if (need.phase !== "none" && !profileExists(place.folder))
    throw rememberedOwner(place.folder) === undefined
      ? new CliError("EMPTY_PROFILE", { detail: `There is no account in the profile ${place.folder}.` })
      : lostStorage(place);
  try {
    return await onClient(context, need, place, body);
  } catch (error) {
    throw await explainLoss(error, place);
  }
}

async function onClient<T>(context: Context, need: Need, place: ProfilePlace, body: (profile: OpenProfile) => Promise<T>): Promise<T> {
  const client = await openProfile(place, { signal: context.signal, share: need.share ?? false });
  try {
    let state = await client.state();
    if (state.phase === "revoked") forgetOwner(place.folder);
    // A new, empty store in the place of one that was somebody's.
    if (need.phase !== "none" && state.phase === "empty" && rememberedOwner(place.folder) !== undefined) throw lostStorage(place);
    if (need.phase === "member") {
      refuseRevoked(state);
      if (state.phase === "empty") throw new CliError("EMPTY_PROFILE");
      if (state.phase === "linking") throw new CliError("LINKING_UNFINISHED");
    }
    if (need.phase === "none" && state.phase === "ready") throw new CliError("PROFILE_HAS_ACCOUNT");
    if (need.online === true && state.phase === "ready") {
      state = await untilOnline(client, context.signal);
      const trouble = clockTrouble(state.connection);
      if (trouble !== undefined) context.output.note(context.output.paintNote.yellow(trouble));
    }
    const result = await body({ client, place, state });
    const after = await client.state();
    if (after.phase === "ready") rememberServer(place, after);
    // Receipts and news for other own devices: they would keep until next time, but others wait for them.
    if (after.phase === "ready" && after.connection.kind === "online")
      await untilSent(client, context.signal, LAST_WORDS_DEADLINE_MS).catch(() => false);
    return result;
  } finally {
    await client.close();
  }
}
