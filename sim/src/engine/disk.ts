/**
 * A disk with one SQLite database. Invariant: what a transaction committed outlives every process, unless the disk was made to lag behind its
 * commits; what was not committed when the process died is gone. A death can be ordered for the moment before or after a commit. A copy taken
 * earlier can be put back.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { assert, OperationalError, type SqlDatabase, type SqlRow, type SqlStatement, type SqlValue } from "@hawser/base";
import { CommitJournal } from "./commit-journal.ts";
import { type Machine, ProcessDied } from "./machine.ts";
import type { SeededRandom } from "./seeded-random.ts";

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
  /** What is not synced, where the product syncs by itself. */
  journal: CommitJournal | undefined;
  /** The next process finds what was synced, and perhaps more. */
  powerLost = false;

  constructor() {
    this.#database = this.#open(new DatabaseSync(":memory:"));
  }

  #open(database: DatabaseSync): DatabaseSync {
    database.exec("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY");
    return database;
  }

  /** From here on commits are durable when they are synced, or when the journal says so. */
  lag(random: SeededRandom): CommitJournal {
    const plate = {
      copy: () => this.copy(),
      restore: (copy: Uint8Array) => this.#replace(copy),
      write: ({ sql, parameters }: { readonly sql: string; readonly parameters: readonly SqlValue[] | undefined }) =>
        parameters === undefined ? this.#database.exec(sql) : void this.statement(sql).all(...(parameters as SQLInputValue[])),
    };
    return (this.journal = new CommitJournal(plate, random));
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
    this.#replace(copy);
    this.journal?.rebase();
  }

  #replace(copy: Uint8Array): void {
    this.#put(copy);
    this.#open(this.#database);
  }

  #put(copy: Uint8Array): void {
    this.close();
    this.#database = new DatabaseSync(":memory:");
    (this.#database as Serializable).deserialize(copy);
  }

  /** Some pages are not what was written to them, as after a write that was torn. */
  damage(random: SeededRandom): void {
    const bytes = this.copy();
    const pageBytes = (bytes[16]! << 8) | bytes[17]!;
    const pages = bytes.length / pageBytes;
    for (let left = 1 + random.below(3); left > 0; left--) {
      // The first holds the header: without it nothing can be read.
      const page = random.chance(0.1) ? 0 : random.below(pages);
      bytes.set(random.bytes(pageBytes), page * pageBytes);
    }
    this.#put(bytes);
    this.journal?.rebase();
  }

  /** Whether there is a header at all. */
  get isReadable(): boolean {
    try {
      return this.rows("SELECT count(*) FROM sqlite_schema").length > 0;
    } catch {
      return false;
    }
  }

  /** Whether every page can be read and fits the others. */
  get isSound(): boolean {
    try {
      return this.rows<{ quick_check: string }>("PRAGMA quick_check(1)")[0]?.quick_check === "ok";
    } catch {
      return false;
    }
  }

  /** As a browser clears it away. */
  wipe(): void {
    this.close();
    this.#database = this.#open(new DatabaseSync(":memory:"));
    this.journal?.rebase();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** The database as one process sees it. */
  openFor(machine: Machine, life: number): SqlDatabase {
    // What an earlier process had not committed is gone with it.
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    if (this.powerLost) this.journal?.lose();
    this.powerLost = false;
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
    const { raw, journal } = this.#use();
    raw.exec(sql);
    if (journal === undefined) return;
    if (/synchronous = NORMAL/i.test(sql)) journal.syncsItself = false;
    journal.note(sql);
    if (!this.inTransaction) journal.commit();
  }

  prepare(sql: string): SqlStatement {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      const use = (): StatementSync => this.#use().statement(sql);
      const writes = !/^\s*(SELECT|PRAGMA|WITH)/i.test(sql);
      const syncs = /wal_checkpoint/i.test(sql);
      const counted = <T>(parameters: readonly SqlValue[], body: () => T): T => {
        const { journal } = this.#disk;
        if (syncs) journal?.syncTo(journal.position);
        if (!writes) return body();
        const noted = (): T => {
          const value = body();
          journal?.note(sql, parameters);
          return value;
        };
        if (this.inTransaction) return noted();
        let result: T | undefined;
        this.#disk.commit(
          () => {
            result = noted();
            journal?.commit();
          },
          () => undefined,
        );
        return result as T;
      };
      prepared = {
        run: (...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(parameters, () => ({ changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) }));
        },
        get: <Row = SqlRow>(...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(parameters, () => statement.get(...(parameters as SQLInputValue[])) as Row | undefined);
        },
        all: <Row = SqlRow>(...parameters: readonly SqlValue[]) => {
          const statement = use();
          return counted(parameters, () => statement.all(...(parameters as SQLInputValue[])) as Row[]);
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
        () => {
          disk.raw.exec("COMMIT");
          disk.journal?.commit();
        },
        () => disk.raw.exec("ROLLBACK"),
      );
      return value;
    } catch (error) {
      disk.journal?.rollBack();
      if (disk.raw.isTransaction) disk.raw.exec("ROLLBACK");
      throw error;
    }
  }

  /** The process lets go; the disk stays. */
  close(): void {
    this.#prepared.clear();
  }
}
