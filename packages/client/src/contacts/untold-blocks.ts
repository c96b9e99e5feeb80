/**
 * Whom the server has still to let through or not. Invariant: every device tells what it holds to be decided last, whoever decided it: the one that
 * did may be gone before it could, or tell it late, after another had told otherwise. Told again it does no harm.
 */
import type { AccountId } from "@hawser/base";
import type { KeyValues } from "../store/kv.ts";

const UNTOLD = "untold-blocks";

export const untoldBlocks = (kv: KeyValues): Readonly<Record<string, boolean>> => kv.getJson<Record<string, boolean>>(UNTOLD) ?? {};

/** Inside the transaction that stores it. */
export const noteUntoldBlock = (kv: KeyValues, account: AccountId, blocked: boolean): void =>
  kv.setJson(UNTOLD, { ...untoldBlocks(kv), [account]: blocked });

/** The server has it; what was decided since is still untold. */
export function blockTold(kv: KeyValues, account: string, blocked: boolean): void {
  const left = { ...untoldBlocks(kv) };
  if (left[account] === blocked) delete left[account];
  kv.setJson(UNTOLD, left);
}
