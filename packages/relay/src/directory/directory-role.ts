/** Everything that stands in directory.db: accounts and lists, how they come to be, who was seen, what recovers them. */
import type { Clock, Primitives, Random, SqlDatabase } from "@hawser/base";
import { DeviceCapsules } from "../recovery/device-capsules.ts";
import { PasskeyCapsules } from "../recovery/passkey-capsules.ts";
import { RecoveryCapsules } from "../recovery/recovery-capsules.ts";
import { DeviceActivity } from "./device-activity.ts";
import { Dormancy } from "./dormancy.ts";
import type { CodeSender } from "./one-time-codes.ts";
import { Registration, type RegistrationMode } from "./registration.ts";
import { SqlDirectory } from "./sql-directory.ts";

export interface DirectoryRoleOptions {
  readonly database: SqlDatabase;
  readonly primitives: Primitives;
  readonly random: Random;
  readonly clock: Clock;
  readonly mode: RegistrationMode;
  readonly codeSender: CodeSender;
}

export interface DirectoryRole {
  readonly directory: SqlDirectory;
  readonly registration: Registration;
  readonly activity: DeviceActivity;
  readonly recovery: RecoveryCapsules;
  readonly passkeyCapsules: PasskeyCapsules;
  readonly deviceCapsules: DeviceCapsules;
  readonly dormancy: Dormancy;
}

export function openDirectoryRole(options: DirectoryRoleOptions): DirectoryRole {
  const { database, primitives } = options;
  const directory = new SqlDirectory({ database, primitives });
  const deviceCapsules = new DeviceCapsules(database);
  const activity = new DeviceActivity(database);
  directory.onChange((entry, _lists, revoked) => {
    deviceCapsules.remove(entry.account, revoked);
    activity.remove(entry.account, revoked);
  });
  return {
    directory,
    registration: new Registration({ ...options, directory }),
    activity,
    recovery: new RecoveryCapsules(database),
    passkeyCapsules: new PasskeyCapsules(database),
    deviceCapsules,
    dormancy: new Dormancy(database, activity),
  };
}
