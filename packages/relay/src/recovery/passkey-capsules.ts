/**
 * Recovery capsules of passkeys. Invariant: one is given out only for its locator, 256 bits that nobody but the passkey's authenticator
 * computes; a handle, an account or a credential id leads to none, so there is nothing to guess and nobody to lock out.
 */
import { accountIdToBytes, type AccountId, type Bytes, equalBytes, type SqlDatabase } from "@hawser/base";
import { MAX_PASSKEYS } from "@hawser/wire";

export interface PasskeyCapsule {
  readonly credentialHash: Bytes;
  readonly locator: Bytes;
  readonly capsule: Bytes;
}

export class PasskeyCapsules {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** `taken`: another passkey's capsule stands under this locator. `full`: the account has as many as it may have passkeys. */
  put(account: AccountId, { credentialHash, locator, capsule }: PasskeyCapsule, nowMs: number): "stored" | "taken" | "full" {
    const id = accountIdToBytes(account);
    return this.#database.transaction(() => {
      const there = this.#database
        .prepare("SELECT account, credential_hash FROM passkey_capsules WHERE locator = ?")
        .get<{ account: Bytes; credential_hash: Bytes }>(locator);
      if (there !== undefined && !(equalBytes(there.account, id) && equalBytes(there.credential_hash, credentialHash))) return "taken";
      const others = this.list(account).filter((other) => !equalBytes(other.credentialHash, credentialHash));
      if (others.length >= MAX_PASSKEYS) return "full";
      this.#database
        .prepare("INSERT OR REPLACE INTO passkey_capsules VALUES (?, ?, ?, ?, ?)")
        .run(id, credentialHash, locator, capsule, Math.floor(nowMs));
      return "stored";
    });
  }

  find(locator: Bytes): { readonly account: Bytes; readonly capsule: Bytes } | undefined {
    return this.#database.prepare("SELECT account, capsule FROM passkey_capsules WHERE locator = ?").get(locator);
  }

  /** Oldest first. */
  list(account: AccountId): readonly { readonly credentialHash: Bytes; readonly sinceMs: number }[] {
    return this.#database
      .prepare(
        "SELECT credential_hash AS credentialHash, since_ms AS sinceMs FROM passkey_capsules WHERE account = ? ORDER BY since_ms, credential_hash",
      )
      .all(accountIdToBytes(account));
  }

  remove(account: AccountId, credentialHash: Bytes): void {
    this.#database.transaction(() =>
      this.#database
        .prepare("DELETE FROM passkey_capsules WHERE account = ? AND credential_hash = ?")
        .run(accountIdToBytes(account), credentialHash),
    );
  }
}
