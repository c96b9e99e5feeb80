/** A database some of whose statements do something else. */
import type { SqlDatabase, SqlStatement } from "@hawser/base";

export function wrapDatabase(database: SqlDatabase, change: (sql: string, statement: SqlStatement) => SqlStatement): SqlDatabase {
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => database.exec(sql),
    prepare: (sql) => change(sql, database.prepare(sql)),
    transaction: (body) => database.transaction(body),
    close: () => database.close(),
  };
}
