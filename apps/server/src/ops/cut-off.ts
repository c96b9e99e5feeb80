/**
 * What a server that was put back from a copy must not repeat. Invariant: done before its first start. The mailboxes get a new epoch, so devices
 * ignore old cursors and sequences; one-time keys that may have been handed out since are dropped, devices upload new ones by themselves.
 */
import type { Random, SqlDatabase } from "@hawser/base";
import { PreKeyStore, renewMailboxEpoch } from "@hawser/relay";

export function cutOff({ mailbox, preKeys }: { readonly mailbox: SqlDatabase; readonly preKeys: SqlDatabase }, random: Random): void {
  renewMailboxEpoch(mailbox, random);
  new PreKeyStore(preKeys).dropOneTimeKeys();
}
