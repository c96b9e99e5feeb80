/** Loads SQLite's WebAssembly once per worker. */
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";

export type { Sqlite3Static };
export type Sqlite3Database = InstanceType<Sqlite3Static["oo1"]["DB"]>;

let loading: Promise<Sqlite3Static> | undefined;

export function loadSqlite(): Promise<Sqlite3Static> {
  loading ??= sqlite3InitModule();
  return loading;
}
