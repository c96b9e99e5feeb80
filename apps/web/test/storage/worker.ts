/** Runs the contract of `SqlDatabase` on one kind of storage, inside a real worker, and reports each broken rule. */
import type { SqlDatabase } from "@hawser/base";
import { openStorage, type StorageKind } from "@hawser/io-web/open-storage";

interface Job {
  readonly kind: StorageKind;
  readonly profile: string;
  readonly step: "contract" | "write" | "read" | "speed";
}

const rules: readonly (readonly [string, (database: SqlDatabase) => boolean])[] = [
  ["values come back as they went in", (database) => {
    database.exec("CREATE TABLE v (a, b, c, d, e)");
    database.prepare("INSERT INTO v VALUES (?, ?, ?, ?, ?)").run(1, "ş", Uint8Array.of(0, 255), null, 2 ** 52);
    const row = database.prepare("SELECT * FROM v").get<{ a: number; b: string; c: Uint8Array; d: null; e: number }>()!;
    return row.a === 1 && row.b === "ş" && row.c.length === 2 && row.c[1] === 255 && row.d === null && row.e === 2 ** 52;
  }],
  ["changes are counted", (database) => database.prepare("UPDATE v SET a = 2").run().changes === 1 && database.prepare("UPDATE v SET a = 2 WHERE a = 9").run().changes === 0],
  ["no row is undefined", (database) => database.prepare("SELECT * FROM v WHERE a = 9").get() === undefined && database.prepare("SELECT * FROM v WHERE a = 9").all().length === 0],
  ["a transaction that throws leaves nothing", (database) => {
    try {
      database.transaction(() => {
        database.prepare("DELETE FROM v").run();
        throw new Error("stop");
      });
    } catch {
      // expected
    }
    return !database.inTransaction && database.prepare("SELECT count(*) AS n FROM v").get<{ n: number }>()!.n === 1;
  }],
  ["transactions do not nest", (database) => {
    try {
      return database.transaction(() => database.transaction(() => false));
    } catch {
      return !database.inTransaction;
    }
  }],
  ["a failed statement can be used again", (database) => {
    database.exec("CREATE TABLE u (x UNIQUE)");
    const insert = database.prepare("INSERT INTO u VALUES (?)");
    insert.run(1);
    try {
      insert.run(1);
      return false;
    } catch {
      return insert.run(2).changes === 1;
    }
  }],
  ["full-text search works", (database) => {
    database.exec("CREATE VIRTUAL TABLE f USING fts5(t, tokenize = 'unicode61 remove_diacritics 2')");
    database.prepare("INSERT INTO f VALUES (?)").run("Gəmi limanda: gün batımı");
    return database.prepare("SELECT count(*) AS n FROM f WHERE f MATCH ?").get<{ n: number }>("gun*")!.n === 1;
  }],
  ["savepoints roll back a part", (database) => {
    database.transaction(() => {
      database.exec("SAVEPOINT s");
      database.exec("DELETE FROM u");
      database.exec("ROLLBACK TO s");
      database.exec("RELEASE s");
    });
    return database.prepare("SELECT count(*) AS n FROM u").get<{ n: number }>()!.n === 2;
  }],
  ["unsafe integers are refused", (database) => {
    try {
      database.prepare("SELECT ?").get(2 ** 60);
      return false;
    } catch {
      return true;
    }
  }],
]; // prettier-ignore

function speed(database: SqlDatabase): { rowsPerSecond: number; commitMs: number } {
  database.exec("CREATE TABLE s (id INTEGER PRIMARY KEY, t TEXT); CREATE VIRTUAL TABLE sf USING fts5(t, content='s', content_rowid='id')");
  const row = database.prepare("INSERT INTO s (t) VALUES (?)");
  const word = database.prepare("INSERT INTO sf (rowid, t) VALUES (last_insert_rowid(), ?)");
  const rows = 20_000;
  const begun = performance.now();
  for (let batch = 0; batch < rows / 500; batch++) {
    database.transaction(() => {
      for (let index = 0; index < 500; index++) {
        const text = `message ${batch * 500 + index} about the harbour and the old rope`;
        row.run(text);
        word.run(text);
      }
    });
  }
  const rowsPerSecond = Math.round((rows / (performance.now() - begun)) * 1_000);
  const times = Array.from({ length: 100 }, (_, index) => {
    const start = performance.now();
    database.transaction(() => row.run(`single ${index}`));
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { rowsPerSecond, commitMs: times[50]! };
}

async function run({ kind, profile, step }: Job): Promise<unknown> {
  const storage = await openStorage({ profile, use: kind });
  const { database } = storage;
  if (step === "contract") {
    const broken = rules.flatMap(([name, holds]) => {
      try {
        return holds(database) ? [] : [name];
      } catch (error) {
        return [`${name}: ${String(error)}`];
      }
    });
    return { kind: storage.kind, broken };
  }
  if (step === "speed") return { kind: storage.kind, ...speed(database) };
  if (step === "write") {
    database.exec("CREATE TABLE IF NOT EXISTS kept (n)");
    database.transaction(() => {
      const insert = database.prepare("INSERT INTO kept VALUES (?)");
      for (let n = 0; n < 5_000; n++) insert.run(n);
    });
    await storage.flush();
    // Not closed: the worker is ended by force, as a tab is.
    return { kind: storage.kind };
  }
  const { n } = database.prepare("SELECT count(*) AS n FROM kept").get<{ n: number }>()!;
  return { kind: storage.kind, n, check: database.prepare("PRAGMA quick_check").get<{ quick_check: string }>()!.quick_check };
}

const scope = globalThis as unknown as {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Job>) => void): void;
};
scope.addEventListener("message", ({ data: job }) => {
  run(job).then(
    (value) => scope.postMessage({ value }),
    (error: unknown) => scope.postMessage({ error: error instanceof Error ? `${error.message} ${error.stack}` : String(error) }),
  );
});
