/** Planted bugs around the archive. */
import type { Primitives, SqlDatabase } from "@hawser/base";

const HEAD_LABEL = "hawser archive head v1\0";
const ACCOUNT_SIZE_BYTES = 20;

/** A key is renewed, numbered and handed on, and heads are sealed under the account's first one all the same. */
export function oldArchiveKeys(primitives: Primitives, first: Map<string, Uint8Array>): Primitives {
  const keyFor = (key: Uint8Array, associated: Uint8Array | undefined): Uint8Array => {
    const text = associated === undefined ? "" : Buffer.from(associated).toString("latin1");
    if (!text.startsWith(HEAD_LABEL)) return key;
    const account = text.slice(HEAD_LABEL.length, HEAD_LABEL.length + ACCOUNT_SIZE_BYTES);
    const kept = first.get(account) ?? key;
    first.set(account, kept);
    return kept;
  };
  return {
    ...primitives,
    aes256GcmSeal: (key, nonce, plaintext, associated) => primitives.aes256GcmSeal(keyFor(key, associated), nonce, plaintext, associated),
    aes256GcmOpen: (key, nonce, ciphertext, associated) => primitives.aes256GcmOpen(keyFor(key, associated), nonce, ciphertext, associated),
  };
}

/** Some of what waits for the archive is taken for written. */
export function forgottenForArchive(database: SqlDatabase): SqlDatabase {
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      if (!sql.startsWith("UPDATE archive_rows SET noted_at_ms")) return statement;
      return {
        ...statement,
        run(...parameters) {
          database.prepare("DELETE FROM archive_rows WHERE tail = 0 AND (order_key / 1000) % 7 = 0").run();
          return statement.run(...parameters);
        },
      };
    },
    transaction: (body) => database.transaction(body),
    close: () => database.close(),
  };
}
