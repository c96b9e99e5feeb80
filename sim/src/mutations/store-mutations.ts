/** Planted bugs that stand between a client and its disk. */
import type { SqlDatabase } from "@hawser/base";
import type { Device } from "../nodes/device.ts";
import { wrapDatabase } from "./wrap-database.ts";

/** Every second start finds the sessions as they were at an earlier start. */
export function oldSessions(
  database: SqlDatabase,
  device: Device,
  memory: Map<Device, { copies: Record<string, unknown>[]; starts: number }>,
): SqlDatabase {
  const exists = device.disk.rows("SELECT 1 FROM sqlite_schema WHERE name = 'sessions'").length > 0;
  const rows = exists ? device.disk.rows<Record<string, unknown>>("SELECT account, device, record FROM sessions") : [];
  const kept = memory.get(device) ?? { copies: rows, starts: 0 };
  memory.set(device, kept);
  if (kept.starts++ % 2 === 0) kept.copies = rows.map((row) => ({ ...row }));
  else {
    const put = database.prepare("UPDATE sessions SET record = ? WHERE account = ? AND device = ?");
    for (const row of kept.copies) put.run(row["record"] as Uint8Array, row["account"] as string, row["device"] as number);
  }
  return database;
}

/** What waited to be sent does not outlive the process. */
export function forgottenOutbox(database: SqlDatabase, device: Device): SqlDatabase {
  if (device.disk.rows("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").length > 0) database.prepare("DELETE FROM outbox").run();
  return database;
}

/** What another device has read is not written down. */
export const readMarksLost = (database: SqlDatabase): SqlDatabase =>
  wrapDatabase(database, (sql, statement) =>
    /DELETE FROM unread_messages WHERE message = \?/i.test(sql) ? { ...statement, get: () => undefined } : statement,
  );
