/** What both engines ask of the server's own store. */

/** Deliveries that were dropped unread: their numbers are above what the device had, up to the highest that was dropped. */
export const DROPPED = "SELECT coalesce(sum(dropped - cursor), 0) AS dropped FROM mailboxes WHERE dropped > cursor";
