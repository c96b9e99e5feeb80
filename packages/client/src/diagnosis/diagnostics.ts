/** What this device knows of itself, for a diagnosis. Reads only; says nothing of who it is, whom it writes to, or where. */
import { equalBytes, type SqlDatabase } from "@hawser/base";
import { verifyChain } from "@hawser/crypto";
import { MAX_CHECKED_STORE_BYTES } from "../bounds.ts";
import { deviceOf } from "../devices/directory.ts";
import type { Engine } from "../engine.ts";
import type { ClientDiagnostics } from "./client-diagnostics.ts";

export function diagnostics(engine: Engine): ClientDiagnostics {
  const { core, connection, companion, changes } = engine;
  const self = core.identity.self();
  return {
    phase: core.identity.phase(),
    connection: connection.status(),
    listed: self !== undefined && isListed(engine),
    listConflict: self !== undefined && core.store.listConflicts.has(self.account),
    storage: core.ports.storage,
    storageIntact: isIntact(core.store.database),
    linkFailuresInARow: self === undefined ? (companion.status()?.failuresInARow ?? 0) : 0,
    changes: changes.all(),
  };
}

/** The whole chain verifies, and its newest list names this device with the keys it holds. */
function isListed({ core }: Engine): boolean {
  const self = core.identity.requireSelf();
  try {
    const outcome = verifyChain(core.ports.primitives, core.store.lists.chain(self.account, 0), { account: self.account });
    if (outcome.kind !== "ok") return false;
    const device = deviceOf(outcome.latest, self.device);
    return device !== undefined && equalBytes(device.signingKey, core.identity.keys().signPublic);
  } catch {
    return false;
  }
}

/** A large store is not read through while somebody waits for a verdict; its first pages and its schema are. */
function isIntact(database: SqlDatabase): boolean {
  try {
    const pages = database.prepare("PRAGMA page_count").get<{ page_count: number }>()?.page_count ?? 0;
    const pageBytes = database.prepare("PRAGMA page_size").get<{ page_size: number }>()?.page_size ?? 0;
    database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get();
    if (pages * pageBytes > MAX_CHECKED_STORE_BYTES) return true;
    return database.prepare("PRAGMA quick_check(1)").get<{ quick_check: string }>()?.quick_check === "ok";
  } catch {
    return false;
  }
}
