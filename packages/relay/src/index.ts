/** The server's core without I/O: mailboxes, device lists, prekeys, rendezvous, recovery, blobs' books, rate limits. */
export { DEFAULT_LINK_CAPACITY, type LinkCapacity } from "./admission/link-admission.ts";
export * from "./blobs/blob-books.ts";
export * from "./blobs/upload-ticket.ts";
export type * from "./directory/directory.ts";
export * from "./directory/directory-role.ts";
export type { InvitationOptions } from "./directory/invitations.ts";
export type { CodeSender } from "./directory/one-time-codes.ts";
export type { RegistrationMode } from "./directory/registration.ts";
export { SqlDirectory } from "./directory/sql-directory.ts";
export type { Roles } from "./operations/answer.ts";
export * from "./mailbox/index.ts";
export * from "./operations/request-handler.ts";
export type * from "./operations/operations.ts";
export { PreKeyStore } from "./prekeys/prekey-store.ts";
export * from "./rate-limits/request-limits.ts";
export * from "./rate-limits/token-buckets.ts";
export { RendezvousStore } from "./rendezvous/rendezvous-store.ts";
export { RecentMap } from "./store/recent-map.ts";
