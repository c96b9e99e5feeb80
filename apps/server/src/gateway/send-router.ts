/**
 * From a SEND frame to recipients. Invariant: a SEND is appended whole or rejected whole; a sender whose view of a list is
 * not the current one stores nothing and learns the difference. docs/PROTOCOL.md, "Sending".
 */
import type { Bytes, DeviceNumber } from "@hawser/base";
import type { Directory, DirectoryEntry, Mailboxes, Recipient } from "@hawser/relay";
import { LIST_HASH_PREFIX_BYTES, type SendFrame, type SendTarget } from "@hawser/wire";
import type { AccountNames } from "./account-names.ts";
import type { BacklogShares } from "./backlog-shares.ts";
import type { ConnectedDevice } from "./connection.ts";
import type { SendRejection } from "./send-rejection.ts";

export class SendRouter {
  readonly #directory: Directory;
  readonly #mailboxes: Mailboxes;
  readonly #names: AccountNames;
  readonly #shares: BacklogShares;

  constructor(directory: Directory, mailboxes: Mailboxes, names: AccountNames, shares: BacklogShares) {
    this.#directory = directory;
    this.#mailboxes = mailboxes;
    this.#names = names;
    this.#shares = shares;
  }

  /** Appends the message, or says why not. May throw `OperationalError` when the directory's store does not answer. */
  route(sender: ConnectedDevice, frame: SendFrame): SendRejection | undefined {
    const recipients: Recipient[] = [];
    for (const target of frame.targets) {
      const rejection = this.#resolve(sender, target, frame.body.length, recipients);
      if (rejection !== undefined) return rejection;
    }
    this.#mailboxes.append(sender, frame.messageId, frame.body, recipients);
    return undefined;
  }

  #resolve(sender: ConnectedDevice, target: SendTarget, bodyBytes: number, recipients: Recipient[]): SendRejection | undefined {
    const account = this.#names.of(target.account);
    const entry = this.#directory.find(account);
    if (entry === undefined) return { error: "RECIPIENT_UNKNOWN", accountId: target.account };
    if (entry.listNumber !== target.listNumber || !samePrefix(entry.listHash, target.listHashPrefix)) return this.#stale(entry, target);
    const blocked = this.#directory.isBlocked(account, sender.address.account);
    let backlogBytes = 0;
    for (const capsule of target.capsules) {
      const device = capsule.device as DeviceNumber;
      if (!entry.devices.has(device)) return { error: "MALFORMED_FIELD", accountId: target.account };
      // Blocked: acknowledged, and silently not stored for that account.
      if (blocked) continue;
      const mailbox = this.#mailboxes.mailbox(account, device);
      for (const other of recipients) if (other.mailbox === mailbox) return { error: "MALFORMED_FIELD", accountId: target.account };
      recipients.push({ mailbox, accountBytes: target.account, capsule: capsule.bytes });
      if (this.#shares.hasBacklog(mailbox)) backlogBytes += bodyBytes + capsule.bytes.length;
    }
    if (backlogBytes === 0 || account === sender.address.account) return undefined;
    const waitMs = this.#shares.take(sender.address.account, account, backlogBytes);
    return waitMs === 0 ? undefined : { error: "RATE_LIMITED", retryAfterMs: waitMs, accountId: target.account };
  }

  /** A sender ahead of this server, or with another list of the same number, gets the whole chain to compare. */
  #stale(entry: DirectoryEntry, target: SendTarget): SendRejection {
    const behind = target.listNumber < entry.listNumber;
    const lists = this.#directory.listsAfter(entry.account, behind ? target.listNumber : 0);
    return { error: "STALE_LIST", lists, accountId: target.account };
  }
}

function samePrefix(hash: Bytes, prefix: Bytes): boolean {
  for (let i = 0; i < LIST_HASH_PREFIX_BYTES; i++) if (hash[i] !== prefix[i]) return false;
  return true;
}
