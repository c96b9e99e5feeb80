/** The server's core without I/O: mailboxes, device lists, prekeys, rendezvous, recovery, blobs' books, rate limits. */
export type * from "./directory/directory.ts";
export type * from "./operations/operations.ts";
