/** A disk that lies: transactions return at once and are committed a little later, or never when the process dies before. */
import type { Clock, SqlDatabase, SqlValue } from "@hawser/base";

export function lateCommits(database: SqlDatabase, clock: Clock, lateMs: number): SqlDatabase {
  let open = false;
  let inside = false;
  const commit = (): void => {
    if (!open) return;
    open = false;
    database.exec("COMMIT");
  };
  const begin = (): void => {
    if (open) return;
    database.exec("BEGIN IMMEDIATE");
    open = true;
    clock.after(lateMs, commit);
  };
  return {
    get inTransaction() {
      return inside;
    },
    exec(sql) {
      if (!inside && /VACUUM|PRAGMA/i.test(sql)) commit();
      database.exec(sql);
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      const writes = !/^\s*(SELECT|PRAGMA)/i.test(sql);
      return {
        run: (...parameters) => {
          if (writes) begin();
          return statement.run(...parameters);
        },
        get: <Row>(...parameters: readonly SqlValue[]) => {
          if (writes) begin();
          return statement.get<Row>(...parameters);
        },
        all: <Row>(...parameters: readonly SqlValue[]) => statement.all<Row>(...parameters),
      };
    },
    transaction(body) {
      begin();
      database.exec("SAVEPOINT late");
      inside = true;
      try {
        const value = body();
        database.exec("RELEASE late");
        return value;
      } catch (error) {
        database.exec("ROLLBACK TO late");
        database.exec("RELEASE late");
        throw error;
      } finally {
        inside = false;
      }
    },
    close: () => database.close(),
  };
}
