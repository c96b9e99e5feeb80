/** Planted bugs around new phones. */
import type { SqlDatabase, SqlStatement } from "@hawser/base";
import { wrapDatabase } from "./wrap-database.ts";

/** A new device forgets that its first history is still to come: a move can be ended, and the old phone goes, before it came. */
export const settledAtOnce = (database: SqlDatabase): SqlDatabase =>
  wrapDatabase(database, (sql, statement): SqlStatement =>
    sql.startsWith("INSERT INTO kv")
      ? { ...statement, run: (...parameters) => (parameters[0] === "settling" ? { changes: 0 } : statement.run(...parameters)) }
      : statement,
  );

/** The server keeps the first recovery code of an account, whatever comes later. */
export const firstCodeKept = (database: SqlDatabase): SqlDatabase =>
  wrapDatabase(database, (sql, statement) =>
    sql.startsWith("INSERT OR REPLACE INTO recovery_capsules") ? database.prepare(sql.replace("OR REPLACE", "OR IGNORE")) : statement,
  );
