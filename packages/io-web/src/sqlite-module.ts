/** Starts SQLite once per worker. */
import sqlite3InitModule, { type Sqlite3Static } from "@sqlite.org/sqlite-wasm";
import { compileSqlite } from "./sqlite-wasm.ts";

export type { Sqlite3Static };
export type Sqlite3Database = InstanceType<Sqlite3Static["oo1"]["DB"]>;

/** What its loader takes; its types know of no parameter. */
type Load = (options: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): Record<string, never>;
}) => Promise<Sqlite3Static>;

let loading: Promise<Sqlite3Static> | undefined;

export function loadSqlite(): Promise<Sqlite3Static> {
  loading ??= compileSqlite().then(start);
  return loading;
}

function start(module: WebAssembly.Module): Promise<Sqlite3Static> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const started = (sqlite3InitModule as unknown as Load)({
    instantiateWasm(imports, done) {
      const instantiate = async (): Promise<void> => done(await WebAssembly.instantiate(module, imports), module);
      // Its own promise hears of success only.
      instantiate().catch(reject);
      return {};
    },
  });
  return Promise.race([started, failed]);
}
