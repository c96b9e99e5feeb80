/** All drills, in the order of the list. */
import type { Scenario } from "../scenario.ts";
import { clockSkew } from "./clock-skew.ts";
import { droppedDeliveries } from "./dropped-deliveries.ts";
import { february27 } from "./february-27.ts";
import { forkedList } from "./forked-list.ts";
import { historyHangs } from "./history-hangs.ts";
import { mailboxOverflow } from "./mailbox-overflow.ts";
import { oldVersions } from "./old-versions.ts";
import { proxyFromHell } from "./proxy-from-hell.ts";
import { relinkStorm } from "./relink-storm.ts";
import { restoredBackup } from "./restored-backup.ts";
import { secondDevice } from "./second-device.ts";
import { sessionStoreDown } from "./session-store-down.ts";
import { storageEviction } from "./storage-eviction.ts";
import { suspendedIphone } from "./suspended-iphone.ts";

export const SCENARIOS: readonly Scenario[] = [
  february27,
  historyHangs,
  sessionStoreDown,
  secondDevice,
  proxyFromHell,
  storageEviction,
  clockSkew,
  mailboxOverflow,
  oldVersions,
  forkedList,
  suspendedIphone,
  droppedDeliveries,
  restoredBackup,
  relinkStorm,
];
