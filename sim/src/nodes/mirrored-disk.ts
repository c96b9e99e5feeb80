/**
 * A device whose database is in memory and mirrored to a store that takes its time, as packages/io-web/src/mirrored-storage.ts has it in browsers
 * without a file system. Invariant: what the end of a process takes is the end of the order of commits, and nothing that was flushed.
 */
import type { Clock } from "@hawser/base";
import type { Disk } from "../engine/disk.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";

const CHECK_EVERY_MS = 40;
/** A telephone that does much else takes its time. */
const STORED_AFTER_MS = [2, 20, 20, 150, 1_500] as const;

/** For a process that begins now: what the one before it had not flushed is gone with it. */
export function mirror(disk: Disk, clock: Clock, random: SeededRandom): { flush(): Promise<void> } {
  const journal = disk.journal ?? disk.lag(random.fork("lost"));
  journal.syncsItself = false;
  disk.powerLost = true;
  const store = (): Promise<void> =>
    new Promise((resolve) => {
      const { position } = journal;
      clock.after(random.pick(STORED_AFTER_MS) * (0.5 + random.fraction()), () => {
        journal.syncTo(position);
        resolve();
      });
    });
  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => (writing = writing.then(() => (journal.isBehind ? store() : undefined)));
  let isArmed = false;
  journal.onCommit = () => {
    if (isArmed) return;
    isArmed = true;
    clock.after(CHECK_EVERY_MS * random.fraction(), () => {
      isArmed = false;
      void flush();
    });
  };
  return { flush };
}
