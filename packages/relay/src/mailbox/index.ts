/** Durable mailboxes: see `mailboxes.ts`. */
export type { Recipient, Sender } from "./block-builder.ts";
export { type CopySink, DELIVERY_HEAD_BYTES, readU16, readU32 } from "./block-record.ts";
export type { BlockSync, CommitListener } from "./group-commit.ts";
export type { MailboxLimits } from "./mailbox-bounds.ts";
export { Mailbox, type MailboxSubscriber } from "./mailbox.ts";
export { renewMailboxEpoch } from "./mailbox-store.ts";
export * from "./mailboxes.ts";
export type { SentWindow } from "./sent-window.ts";
