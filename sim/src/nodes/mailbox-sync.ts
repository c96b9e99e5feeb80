/** Syncs the mailbox store beside the work, as apps/server/src/ops/wal-sync.ts does it. Invariant: what was committed before the call is durable when it is done. */
import { OperationalError } from "@hawser/base";
import type { BlockSync } from "@hawser/relay";
import type { Disk } from "../engine/disk.ts";
import type { Machine } from "../engine/machine.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";

/** Most disks take milliseconds, some now and then longer. */
const TAKES_MS = [0.2, 2, 8, 8, 90] as const;

/** For a process that begins now. */
export function mailboxSync(disk: Disk, machine: Machine, random: SeededRandom): BlockSync {
  const journal = disk.journal!;
  // Until the store has set itself up.
  journal.syncsItself = true;
  const { life } = machine;
  return {
    start(done) {
      const { position } = journal;
      machine.scheduler.after(random.pick(TAKES_MS), () =>
        machine.enter(life, () => {
          if (disk.outOfService) return done(new OperationalError("STORE_UNAVAILABLE", { message: "out of service" }));
          journal.syncTo(position);
          done(undefined);
        }),
      );
    },
    now() {
      if (disk.outOfService) throw new OperationalError("STORE_UNAVAILABLE", { message: "out of service" });
      journal.syncTo(journal.position);
    },
  };
}
