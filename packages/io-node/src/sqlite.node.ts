/**
 * `SqlDatabase` over `node:sqlite`. Invariant: with `synchronous: "full"` (the default) a transaction that returned has
 * been synced to disk, and one that threw left nothing behind.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { assert, OperationalError, type SqlDatabase, type SqlRow, type SqlStatement, type SqlValue } from "@hawser/base";

export interface SqliteOptions {
  /** `full` syncs every commit, `normal` only checkpoints: a power cut may undo the last commits. Default `full`. */
  readonly synchronous?: "full" | "normal";
  readonly readOnly?: boolean;
  /** Bytes per page, only applied to a new file. Default 4096. */
  readonly pageSizeBytes?: number;
  /** Pages the write-ahead log may hold before a commit moves them into the file. Default 1000. */
  readonly checkpointPages?: number;
  /** Page cache in KiB. Default 8192. */
  readonly cacheKib?: number;
}

/** Prepared statements kept per connection. Code has a fixed set of texts, so reaching this is a programmer's fault. */
const MAX_STATEMENTS = 512;
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens or creates a database file; `:memory:` for one without a file.
 * @throws OperationalError STORE_UNAVAILABLE when the file cannot be opened.
 */
export function openSqliteDatabase(path: string, options: SqliteOptions = {}): SqlDatabase {
  try {
    return new NodeSqliteDatabase(path, options);
  } catch (cause) {
    throw new OperationalError("STORE_UNAVAILABLE", { message: "the database cannot be opened", retry: "never", cause });
  }
}

class NodeSqliteDatabase implements SqlDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqlStatement>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  constructor(path: string, options: SqliteOptions) {
    this.#database = new DatabaseSync(path, {
      readOnly: options.readOnly ?? false,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      timeout: BUSY_TIMEOUT_MS,
    });
    if (options.readOnly !== true) {
      if (options.pageSizeBytes !== undefined) this.#database.exec(`PRAGMA page_size = ${options.pageSizeBytes}`);
      this.#database.exec("PRAGMA journal_mode = WAL");
      this.#database.exec(`PRAGMA synchronous = ${options.synchronous === "normal" ? "NORMAL" : "FULL"}`);
      this.#database.exec(`PRAGMA wal_autocheckpoint = ${options.checkpointPages ?? 1_000}`);
    }
    this.#database.exec(`PRAGMA cache_size = -${options.cacheKib ?? 8_192}`);
    this.#database.exec("PRAGMA temp_store = MEMORY");
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#database.prepare("COMMIT");
    this.#rollback = this.#database.prepare("ROLLBACK");
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  prepare(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      assert(this.#statements.size < MAX_STATEMENTS, "too many different statements: build them from constants only");
      statement = new NodeSqliteStatement(this.#database.prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  transaction<T>(body: () => T): T {
    assert(!this.#database.isTransaction, "transactions do not nest");
    this.#begin.run();
    let value: T;
    try {
      value = body();
      assert(!(value instanceof Promise), "a transaction's body is synchronous");
      this.#commit.run();
    } catch (error) {
      // SQLite may have rolled back already (disk full, I/O error).
      if (this.#database.isTransaction) this.#rollback.run();
      throw error;
    }
    return value;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

class NodeSqliteStatement implements SqlStatement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  run(...parameters: readonly SqlValue[]): { readonly changes: number } {
    return { changes: Number(this.#statement.run(...(parameters as SQLInputValue[])).changes) };
  }

  get<Row = SqlRow>(...parameters: readonly SqlValue[]): Row | undefined {
    return this.#statement.get(...(parameters as SQLInputValue[])) as Row | undefined;
  }

  all<Row = SqlRow>(...parameters: readonly SqlValue[]): Row[] {
    return this.#statement.all(...(parameters as SQLInputValue[])) as Row[];
  }
}
