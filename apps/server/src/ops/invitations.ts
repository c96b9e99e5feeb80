/** Invitations without a running server's help: the store is shared safely with one that runs. */
import { mkdirSync } from "node:fs";
import { nodePrimitives, openSqliteDatabase, systemClock, systemRandom } from "@hawser/io-node";
import { type InvitationOptions, openDirectoryRole } from "@hawser/relay";
import { storePath } from "./data-dir.ts";

/** A new invitation's code, such as `abcd-efgh-ijkl-mnop`. Works beside a running server. */
export function createInvitation(dataDir: string, options: InvitationOptions): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const database = openSqliteDatabase(storePath(dataDir, "directory"));
  try {
    const { registration } = openDirectoryRole({
      database,
      primitives: nodePrimitives,
      random: systemRandom,
      clock: systemClock,
      mode: "closed",
      codeSender: { send: () => Promise.resolve() },
    });
    return registration.invitations.create(options, systemClock.nowMs(), systemRandom);
  } finally {
    database.close();
  }
}
