/** Everything that can happen in a world, by name. Each draws from its own source; one that does not fit the moment does nothing. */
import * as archives from "./archive-operations.ts";
import { block } from "./block-operations.ts";
import type { Cast } from "./cast.ts";
import * as disks from "./disk-operations.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import { chooseDormancy, leaveForLong } from "./dormancy-operations.ts";
import * as faults from "./fault-operations.ts";
import * as life from "./people-operations.ts";
import * as phones from "./phone-operations.ts";
import { loseStore } from "./store-operations.ts";

export interface Operation {
  /** 0: steps of this kind are drawn elsewhere (`archive-steps.ts`, `drawn-apart.ts`). */
  readonly weight: number;
  /** Trouble, not use: left out of calm runs, and ended before the world heals. */
  readonly fault?: boolean;
  readonly always?: boolean;
  /** Came when seeds had names: drawn from a source of its own, in the place of a step here and there, so that those keep their plans. */
  readonly late?: boolean;
  run(cast: Cast, random: SeededRandom): void | Promise<void>;
}

export const OPERATIONS = {
  send: { weight: 14, always: true, run: life.send },
  sendFile: { weight: 1, run: life.sendFile },
  read: { weight: 4, run: life.read },
  changeState: { weight: 4, run: life.changeState },
  link: { weight: 3, run: life.link },
  revoke: { weight: 1, run: life.revoke },
  wipe: { weight: 0.5, run: life.wipe },
  importChat: { weight: 1, run: life.importChat },
  askForHistory: { weight: 0.5, run: life.askForHistory },
  restart: { weight: 2, run: life.restart },
  suspend: { weight: 3, fault: true, run: faults.suspend },
  crash: { weight: 2, fault: true, run: faults.crash },
  crashAtCommit: { weight: 3, fault: true, run: faults.crashAtCommit },
  cut: { weight: 3, fault: true, run: faults.cut },
  partition: { weight: 3, fault: true, run: faults.partition },
  openingTrouble: { weight: 2, fault: true, run: faults.openingTrouble },
  slowNetwork: { weight: 2, fault: true, run: faults.slowNetwork },
  serverCrash: { weight: 2, fault: true, run: faults.serverCrash },
  serverCrashAtCommit: { weight: 2, fault: true, run: faults.serverCrashAtCommit },
  serverRestart: { weight: 1, fault: true, run: faults.serverRestart },
  roleOutage: { weight: 2, fault: true, run: faults.roleOutage },
  clockJump: { weight: 2, fault: true, run: faults.clockJump },
  oldCopy: { weight: 1.5, fault: true, late: true, run: faults.oldCopy },
  switchArchive: { weight: 0, run: archives.switchArchive },
  linkAlone: { weight: 0, run: archives.linkAlone },
  revokeReader: { weight: 0, run: archives.revokeReader },
  phoneAway: { weight: 0, run: archives.phoneAway },
  serverPowerLoss: { weight: 0, fault: true, run: disks.serverPowerLoss },
  tornStore: { weight: 0, fault: true, run: disks.tornStore },
  serverBackup: { weight: 0, fault: true, run: disks.serverBackup },
  archiveOutage: { weight: 0, fault: true, run: archives.archiveOutage },
  movePhone: { weight: 0, run: phones.movePhone },
  writeRecoveryCode: { weight: 0, run: phones.writeRecoveryCode },
  losePhone: { weight: 0, run: phones.losePhone },
  chooseDormancy: { weight: 0, run: chooseDormancy },
  leaveForLong: { weight: 0, run: leaveForLong },
  linkOtherWays: { weight: 0, run: life.linkOtherWays },
  block: { weight: 0, run: block },
  loseStore: { weight: 0, fault: true, run: loseStore },
} satisfies Record<string, Operation>;

export type OperationKind = keyof typeof OPERATIONS;
