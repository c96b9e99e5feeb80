/**
 * Receipts: "delivered" once a message is committed, "read" when a person read it and the settings allow it. Strangers learn nothing
 * before they are accepted (docs/THREAT-MODEL.md, "Silent receipts").
 */
import { type AccountId, type MessageId, messageIdToBytes, newMessageId } from "@hawser/base";
import { MAX_RECEIPTS, ReceiptKind } from "@hawser/wire";
import type { Core } from "../core.ts";
import { encodeContent } from "./content.ts";

export interface Receipts {
  /** Collected until `flush`. */
  delivered(account: AccountId, id: MessageId): void;
  read(account: AccountId, ids: readonly MessageId[]): void;
  /** Writes what was collected into the outbox; inside the transaction that stored the messages. */
  flush(): void;
}

export function createReceipts(core: Core): Receipts {
  let delivered = new Map<AccountId, MessageId[]>();
  const put = (account: AccountId, ids: readonly MessageId[], kind: ReceiptKind): void => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    for (let at = 0; at < ids.length; at += MAX_RECEIPTS) {
      const messageId = newMessageId(nowMs, core.ports.random);
      const messageIds = ids.slice(at, at + MAX_RECEIPTS).map(messageIdToBytes);
      const body = { case: "receipts", value: { kind, messageIds, atMs: BigInt(Math.floor(nowMs)) } } as const;
      const content = encodeContent({ sender: self, conversation: account, messageId, sentAtMs: nowMs }, body);
      core.store.outbox.add({ messageId, audience: "peer", account, content });
    }
    core.notify.changed("outbox");
  };
  return {
    delivered(account, id) {
      const ids = delivered.get(account);
      if (ids === undefined) delivered.set(account, [id]);
      else ids.push(id);
    },
    read: (account, ids) => put(account, ids, ReceiptKind.READ),
    flush() {
      const collected = delivered;
      delivered = new Map();
      for (const [account, ids] of collected) put(account, ids, ReceiptKind.DELIVERED);
    },
  };
}
