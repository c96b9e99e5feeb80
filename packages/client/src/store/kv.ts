/** Small named values: own keys, cursor, settings. Typed access, so that a name and its form stand in one place. */
import { fromUtf8, type SqlDatabase, utf8 } from "@hawser/base";

export interface KeyValues {
  getBytes(key: string): Uint8Array | undefined;
  setBytes(key: string, value: Uint8Array): void;
  /** JSON of plain data; `undefined` when absent or unreadable. */
  getJson<T>(key: string): T | undefined;
  setJson(key: string, value: unknown): void;
  delete(key: string): void;
}

export function openKeyValues(database: SqlDatabase): KeyValues {
  const getBytes = (key: string): Uint8Array | undefined =>
    database.prepare("SELECT value FROM kv WHERE key = ?").get<{ value: Uint8Array }>(key)?.value;
  const setBytes = (key: string, value: Uint8Array): void => {
    database.prepare("INSERT INTO kv (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(key, value);
  };
  return {
    getBytes,
    setBytes,
    getJson<T>(key: string): T | undefined {
      const bytes = getBytes(key);
      const text = bytes === undefined ? undefined : fromUtf8(bytes);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as T;
      } catch {
        return undefined;
      }
    },
    setJson: (key, value) => setBytes(key, utf8(JSON.stringify(value))),
    delete(key) {
      database.prepare("DELETE FROM kv WHERE key = ?").run(key);
    },
  };
}
