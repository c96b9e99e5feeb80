/**
 * Brings a store's file to the schema this program knows. Invariant: `user_version` counts the steps applied; steps are
 * only ever appended, each runs once, in a transaction with its number. A file from a newer program is refused untouched.
 */
import { OperationalError, type SqlDatabase } from "@hawser/base";

/** Applies the missing steps. @throws OperationalError SERVER_TOO_OLD when the file was written by a newer program. */
export function migrate(database: SqlDatabase, steps: readonly string[]): void {
  const version = database.prepare("PRAGMA user_version").get<{ user_version: number }>()?.user_version ?? 0;
  if (version > steps.length) throw new OperationalError("SERVER_TOO_OLD", { message: "the store was written by a newer server" });
  for (let step = version; step < steps.length; step++) {
    database.transaction(() => {
      database.exec(steps[step]!);
      database.exec(`PRAGMA user_version = ${step + 1}`);
    });
  }
}
