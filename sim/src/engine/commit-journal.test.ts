/** A disk that lags: what is synced stays, what is lost is an end of the order of commits, and replaying gives the same bytes of rows. */
import { expect, test } from "vitest";
import { Disk } from "./disk.ts";
import { Machine } from "./machine.ts";
import { Scheduler } from "./scheduler.ts";
import { SeededRandom } from "./seeded-random.ts";

const OPENED = "CREATE TABLE numbers (n INTEGER PRIMARY KEY, bytes BLOB) STRICT";

function lagging(seed: number) {
  const disk = new Disk();
  const journal = disk.lag(new SeededRandom(`lag ${seed}`));
  const machine = new Machine("a", new Scheduler(), (error) => {
    throw error;
  });
  const open = () => disk.openFor(machine, machine.begin());
  return { disk, journal, open };
}

test("after a loss of power stands what was synced, and a beginning of the rest", () => {
  const kept = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const { disk, journal, open } = lagging(seed);
    const database = open();
    database.exec(OPENED);
    journal.syncsItself = false;
    const insert = database.prepare("INSERT INTO numbers VALUES (?, ?)");
    const bytes = new Uint8Array(3);
    let synced = 0;
    for (let n = 1; n <= 700; n++) {
      bytes.fill(n & 255);
      if (n % 3 === 0) insert.run(n, bytes);
      else database.transaction(() => insert.run(n, bytes));
      if (n % 97 === 0) journal.syncTo(journal.position);
      if (n % 97 === 0) synced = n;
    }
    expect(() =>
      database.transaction(() => {
        insert.run(9_999, bytes);
        throw new Error("undone");
      }),
    ).toThrow("undone");
    disk.powerLost = true;
    const after = open().prepare("SELECT n, bytes FROM numbers ORDER BY n").all<{ n: number; bytes: Uint8Array }>();
    expect(after.length).toBeGreaterThanOrEqual(synced);
    expect(after.map(({ n }) => n)).toEqual(after.map((_row, at) => at + 1));
    expect(after.every(({ n, bytes: its }) => its.every((byte) => byte === (n & 255)))).toBe(true);
    kept.add(after.length - synced);
  }
  // Not always nothing, not always everything.
  expect(kept.size).toBeGreaterThan(5);
});

test("a process that only ended has lost nothing", () => {
  const { journal, open } = lagging(1);
  const database = open();
  database.exec(OPENED);
  journal.syncsItself = false;
  database.prepare("INSERT INTO numbers VALUES (1, NULL)").run();
  expect(open().prepare("SELECT n FROM numbers").all()).toEqual([{ n: 1 }]);
});
