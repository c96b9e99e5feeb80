/** Planted bugs inside the server, between its parts. */
import type { SqlDatabase } from "@hawser/base";
import type { Directory, DirectoryEntry, Mailboxes } from "@hawser/relay";
import { wrapDatabase } from "./wrap-database.ts";

/** Deliveries are handed out with a hole: one in so many is skipped, as if it had been read. */
export function skippedDeliveries(mailboxes: Mailboxes, every: number): Mailboxes {
  let seen = 0;
  const read = mailboxes.read.bind(mailboxes);
  mailboxes.read = (mailbox, afterSequence, sink) =>
    read(mailbox, afterSequence, {
      add: (...parameters: Parameters<typeof sink.add>) => (++seen % every === 0 ? true : sink.add(...parameters)),
    });
  return mailboxes;
}

/** A cursor takes one message more than the device has committed. */
export function greedyCursor(mailboxes: Mailboxes): Mailboxes {
  const advance = mailboxes.advance.bind(mailboxes);
  mailboxes.advance = (mailbox, sequence) => advance(mailbox, Math.min(sequence + 1, mailbox.last));
  return mailboxes;
}

/** An account's devices are never taken out of the gateway's view. */
export function revokedStayWelcome(directory: Directory): Directory {
  const ever = new Map<string, Map<number, unknown>>();
  const withRevoked = (entry: DirectoryEntry | undefined): DirectoryEntry | undefined => {
    if (entry === undefined) return undefined;
    const devices = ever.get(entry.account) ?? new Map<number, unknown>();
    ever.set(entry.account, devices);
    for (const [number, device] of entry.devices) devices.set(number, device);
    return { ...entry, devices: new Map(devices) as never };
  };
  return {
    find: (account) => withRevoked(directory.find(account)),
    listsAfter: () => [],
    revokingList: () => undefined,
    apply: (lists) => directory.apply(lists),
    isBlocked: (recipient, sender) => directory.isBlocked(recipient, sender),
    onChange: (listener) => directory.onChange((entry, lists) => listener(entry, lists.slice(0, 0), [])),
  };
}

/** What companions leave for the day on which their storage is cleared is not stored. */
export const capsulesLost = (database: SqlDatabase): SqlDatabase =>
  wrapDatabase(database, (sql, statement) =>
    sql.startsWith("INSERT OR REPLACE INTO device_capsules") ? { ...statement, run: () => ({ changes: 1 }) } : statement,
  );
