/**
 * A disk with one SQLite database. Invariant: what a transaction committed outlives every process; what was not committed when the
 * process died is gone. A death can be ordered for the moment before or after a commit. A copy taken earlier can be put back.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { assert, OperationalError, type SqlDatabase, type SqlRow, type SqlStatement, type SqlValue } from "@hawser/base";
import { type Machine, ProcessDied } from "./machine.ts";

const RETRY_AFTER_MS = 2_000;

/** What the published types of Node 24.0 do not know yet. */
type Serializable = DatabaseSync & { serialize(): Uint8Array; deserialize(copy: Uint8Array): void };

export interface DeathOrder {
  /** Commits from now on, this many of which succeed. */
  commitsLeft: number;
  readonly when: "before" | "after";
  die(): void;
}

export class Disk {
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  order: DeathOrder | undefined;
  /** The store does not answer: every use fails with STORE_UNAVAILABLE. */
  outOfService = false;
  commits = 0;

  constructor() {
    this.#database = this.#open(new DatabaseSync(":memory:"));
  }

  #open(database: DatabaseSync): DatabaseSync {
    database.exec("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY");
    return database;
  }

  get raw(): DatabaseSync {
    return this.#database;
  }

  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** For checkers: reads whatever a process has committed. */
  rows<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...parameters) as Row[];
  }

  copy(): Uint8Array {
    return (this.#database as Serializable).serialize();
  }

  /** Puts an earlier copy in the place of what is there. */
  restore(copy: Uint8Array): void {
    this.close();
    this.#database = new DatabaseSync(":memory:");
    (this.#database as Serializable).deserialize(copy);
    this.#open(this.#database);
  }

  /** As a browser clears it away. */
  wipe(): void {
    this.close();
    this.#database = this.#open(new DatabaseSync(":memory:"));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** The database as one process sees it. */
  openFor(machine: Machine, life: number): SqlDatabase {
    // What an earlier process had not committed is gone with it.
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    return new DiskView(this, machine, life);
  }

  /** Around each commit: here a process may die. */
  commit(write: () => void, undo: () => void): void {
    const { order } = this;
    if (order !== undefined && order.commitsLeft-- <= 0) {
      this.order = undefined;
      if (order.when === "after") write();
      else undo();
      order.die();
      throw new ProcessDied();
    }
    write();
    this.commits++;
  }
}

class DiskView implements SqlDatabase {
  readonly #disk: Disk;
  readonly #machine: Machine;
  readonly #life: number;
  readonly #prepared = new Map<string, SqlStatement>();

  constructor(disk: Disk, machine: Machine, life: number) {
    this.#disk = disk;
    this.#machine = machine;
    this.#life = life;
  }

  #use(): Disk {
    if (this.#machine.life !== this.#life) throw new ProcessDied();
    if (this.#disk.outOfService)
      throw new OperationalError("STORE_UNAVAILABLE", { message: "out of service", retry: { afterMs: RETRY_AFTER_MS } });
    return this.#disk;
  }

  get inTransaction(): boolean {
    return this.#disk.raw.isTransaction;
  }

  exec(sql: string): void {
    this.#use().raw.exec(sql);
  }

  prepare(sql: string): SqlStatement {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      const use = (): StatementSync => this.#use().statement(sql);
      const writes = !/^\s*(SELECT|PRAGMA|WITH)/i.test(sql);
      const counted = <T>(body: () => T): T => {
        if (!writes || this.inTransaction) return body();
        let result: T | undefined;
        this.#disk.commit(
          () => void (result = body()),
          () => undefined,
        );
        return result as T;
      };
      prepared = {
        run: (...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(() => ({ changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) }));
        },
        get: <Row = SqlRow>(...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(() => statement.get(...(parameters as SQLInputValue[])) as Row | undefined);
        },
        all: <Row = SqlRow>(...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(() => statement.all(...(parameters as SQLInputValue[])) as Row[]);
        },
      };
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }

  transaction<T>(body: () => T): T {
    const disk = this.#use();
    assert(!disk.raw.isTransaction, "transactions do not nest");
    disk.raw.exec("BEGIN IMMEDIATE");
    try {
      const value = body();
      assert(!(value instanceof Promise), "a transaction's body is synchronous");
      disk.commit(
        () => disk.raw.exec("COMMIT"),
        () => disk.raw.exec("ROLLBACK"),
      );
      return value;
    } catch (error) {
      if (disk.raw.isTransaction) disk.raw.exec("ROLLBACK");
      throw error;
    }
  }

  /** The process lets go; the disk stays. */
  close(): void {
    this.#prepared.clear();
  }
}
