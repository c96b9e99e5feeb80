/**
 * `SqlDatabase` over `sqlite-wasm`, whatever file system lies below. Invariant: a transaction that threw left nothing behind,
 * also when SQLite rolled back by itself (quota, I/O error).
 */
import { assert, OperationalError, type SqlDatabase, type SqlRow, type SqlStatement, type SqlValue } from "@hawser/base";
import type { PreparedStatement } from "@sqlite.org/sqlite-wasm";
import type { Sqlite3Database, Sqlite3Static } from "./sqlite-module.ts";

/** Prepared statements kept per connection. Code has a fixed set of texts, so reaching this is a programmer's fault. */
const MAX_STATEMENTS = 512;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

export class WebSqliteDatabase implements SqlDatabase {
  readonly #sqlite: Sqlite3Static;
  readonly #database: Sqlite3Database;
  readonly #statements = new Map<string, WebSqliteStatement>();
  readonly #closed: () => void;
  readonly #guard: <T>(body: () => T) => T;

  /** `closed` runs after the last statement was finalised, to give back the file system; `damaged` when a page cannot be read. */
  constructor(
    sqlite: Sqlite3Static,
    database: Sqlite3Database,
    closed: () => void = () => undefined,
    damaged: () => void = () => undefined,
  ) {
    this.#sqlite = sqlite;
    this.#database = database;
    this.#closed = closed;
    this.#guard = (body) => guard(body, damaged);
  }

  get inTransaction(): boolean {
    return this.#sqlite.capi.sqlite3_get_autocommit(this.#database) === 0;
  }

  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  prepare(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      assert(this.#statements.size < MAX_STATEMENTS, "too many different statements: build them from constants only");
      statement = new WebSqliteStatement(
        this.#guard(() => this.#database.prepare(sql)),
        () => this.#database.changes(false, false),
        this.#guard,
      );
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  transaction<T>(body: () => T): T {
    assert(!this.inTransaction, "transactions do not nest");
    this.prepare("BEGIN IMMEDIATE").run();
    let value: T;
    try {
      value = body();
      assert(!(value instanceof Promise), "a transaction's body is synchronous");
      this.prepare("COMMIT").run();
    } catch (error) {
      if (this.inTransaction) this.prepare("ROLLBACK").run();
      throw error;
    }
    return value;
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    this.#database.close();
    this.#closed();
  }
}

class WebSqliteStatement implements SqlStatement {
  readonly #statement: PreparedStatement;
  readonly #changes: () => number;
  #columns: readonly string[] | undefined;

  readonly #guard: <T>(body: () => T) => T;

  constructor(statement: PreparedStatement, changes: () => number, guarded: <T>(body: () => T) => T) {
    this.#statement = statement;
    this.#changes = changes;
    this.#guard = guarded;
  }

  run(...parameters: readonly SqlValue[]): { readonly changes: number } {
    return this.#with(parameters, () => {
      while (this.#statement.step());
      return { changes: this.#changes() };
    });
  }

  get<Row = SqlRow>(...parameters: readonly SqlValue[]): Row | undefined {
    return this.#with(parameters, () => (this.#statement.step() ? (this.#row() as Row) : undefined));
  }

  all<Row = SqlRow>(...parameters: readonly SqlValue[]): Row[] {
    return this.#with(parameters, () => {
      const rows: Row[] = [];
      while (this.#statement.step()) rows.push(this.#row() as Row);
      return rows;
    });
  }

  finalize(): void {
    this.#statement.finalize();
  }

  #with<T>(parameters: readonly SqlValue[], body: () => T): T {
    return this.#guard(() => {
      try {
        if (parameters.length > 0) {
          for (const value of parameters)
            assert(value !== undefined && !(typeof value === "number" && isUnsafe(value)), "a parameter SQLite cannot hold");
          this.#statement.bind(parameters as SqlValue[]);
        }
        return body();
      } finally {
        // A statement that is not reset would keep its read transaction, and its parameters, alive.
        try {
          this.#statement.reset();
        } catch {
          // reset repeats the error of the step before it
        }
        if (parameters.length > 0) this.#statement.clearBindings();
      }
    });
  }

  #row(): SqlRow {
    const columns = (this.#columns ??= this.#statement.getColumnNames([]));
    const row: SqlRow = {};
    for (let index = 0; index < columns.length; index++) row[columns[index]!] = this.#statement.get(index) as SqlValue;
    return row;
  }
}

const isUnsafe = (value: number): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

/** SQLite's storage errors as operational ones; everything else is a programmer's fault and passes as it is. */
function guard<T>(body: () => T, damaged: () => void): T {
  try {
    return body();
  } catch (cause) {
    const result = (cause as { resultCode?: unknown }).resultCode;
    if (typeof result !== "number") throw cause;
    const primary = result & 0xff;
    if (primary === SQLITE_FULL || primary === SQLITE_IOERR)
      throw new OperationalError("STORAGE_FULL", { message: "the browser gives no more storage", cause });
    if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) {
      damaged();
      throw new OperationalError("STORAGE_LOST", { message: "the database file is damaged", cause });
    }
    throw cause;
  }
}
