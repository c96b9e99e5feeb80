/** A profile whose store is damaged or gone: told as that, with the way back of the device that it was. */
import { OperationalError } from "@hawser/base";
import { probeStorage } from "@hawser/io-node";
import { CliError } from "../error-text.ts";
import { type ProfilePlace, rememberedOwner } from "./profile-folder.ts";

/** Failures behind which a damaged file may be. */
const SUSPECT = new Set(["STORE_UNAVAILABLE", "ERR_SQLITE_ERROR"]);

/** What to throw instead of `error`: the loss, if it is one; otherwise the error itself. */
export async function explainLoss(error: unknown, place: ProfilePlace): Promise<unknown> {
  if (error instanceof CliError || !(error instanceof Error) || !("code" in error)) return error;
  if (error instanceof OperationalError && error.code === "STORAGE_LOST") return lostStorage(place, error);
  if (!SUSPECT.has(String(error.code))) return error;
  return (await probeStorage(place.folder)).kind === "damaged" ? lostStorage(place, error) : error;
}

/** A companion is linked again, and may stay the device it was; a phone gets its account back by the recovery code. */
export function lostStorage({ folder }: ProfilePlace, cause?: unknown): CliError {
  const owner = rememberedOwner(folder);
  const detail = `The data of the profile ${folder} is damaged or gone.`;
  const next =
    owner === undefined
      ? undefined
      : owner.role === "phone"
        ? `Get @${owner.handle} back in another folder, by its recovery code: hawser account restore ${owner.handle} --profile DIR. Companions stay linked, and hand the messages over.`
        : `Your other devices still have everything. Link again in another folder: hawser link --profile DIR. To stay device ${owner.device}, on the phone: hawser approve --restore ${owner.device}`;
  return new CliError("STORAGE_LOST", { detail, cause, ...(next === undefined ? {} : { next }) });
}
