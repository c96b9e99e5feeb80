/**
 * A role's store with a switch. Invariant: while a role is out of service each use of its store throws STORE_UNAVAILABLE, and
 * nothing else in the server is touched; putting it back needs no restart. Operators use it for maintenance, drills for faults.
 */
import { OperationalError, type SqlDatabase, type SqlRow, type SqlStatement, type SqlValue } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { WalSync } from "./wal-sync.ts";

const RETRY_AFTER_MS = 2_000;

export class RoleStore implements SqlDatabase {
  readonly #path: string;
  /** For a role that syncs its store itself. */
  readonly sync: WalSync;
  #database: SqlDatabase | undefined;
  #inService = true;
  readonly #statements = new Map<string, RoleStatement>();

  /** Opens the file. @throws OperationalError STORE_UNAVAILABLE. */
  constructor(path: string) {
    this.#path = path;
    this.sync = new WalSync(path);
    this.#database = openSqliteDatabase(path);
  }

  get inService(): boolean {
    return this.#inService;
  }

  takeOut(): void {
    this.#inService = false;
  }

  putBack(): void {
    this.#inService = true;
  }

  /** The open database. @throws OperationalError while out of service. */
  use(): SqlDatabase {
    if (!this.#inService || this.#database === undefined) {
      throw new OperationalError("STORE_UNAVAILABLE", { message: "this role is out of service", retry: { afterMs: RETRY_AFTER_MS } });
    }
    return this.#database;
  }

  exec(sql: string): void {
    this.use().exec(sql);
  }

  prepare(sql: string): SqlStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = new RoleStatement(this, this.use().prepare(sql));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  transaction<T>(body: () => T): T {
    return this.use().transaction(body);
  }

  get inTransaction(): boolean {
    return this.#database?.inTransaction ?? false;
  }

  get path(): string {
    return this.#path;
  }

  close(): void {
    this.#statements.clear();
    this.sync.close();
    this.#database?.close();
    this.#database = undefined;
  }
}

class RoleStatement implements SqlStatement {
  readonly #store: RoleStore;
  readonly #statement: SqlStatement;

  constructor(store: RoleStore, statement: SqlStatement) {
    this.#store = store;
    this.#statement = statement;
  }

  run(...parameters: readonly SqlValue[]): { readonly changes: number } {
    this.#store.use();
    return this.#statement.run(...parameters);
  }

  get<Row = SqlRow>(...parameters: readonly SqlValue[]): Row | undefined {
    this.#store.use();
    return this.#statement.get<Row>(...parameters);
  }

  all<Row = SqlRow>(...parameters: readonly SqlValue[]): Row[] {
    this.#store.use();
    return this.#statement.all<Row>(...parameters);
  }
}
