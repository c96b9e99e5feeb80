/** What a device knows of itself, for a diagnosis: states and numbers, nothing of anybody. */
import type { Change } from "@hawser/diagnosis";
import type { ClientPhase, ConnectionStatus, StorageStatus } from "../api.ts";

export interface ClientDiagnostics {
  readonly phase: ClientPhase;
  readonly connection: ConnectionStatus;
  /** The chain of the own account's lists verifies, and its newest list names this device with the keys it holds. */
  readonly listed: boolean;
  readonly listConflict: boolean;
  readonly storage: StorageStatus;
  /** False when the database is damaged. */
  readonly storageIntact: boolean;
  readonly linkFailuresInARow: number;
  /** What changed around this device lately, oldest first. */
  readonly changes: readonly Change[];
}
