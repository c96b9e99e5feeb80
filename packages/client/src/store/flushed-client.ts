/**
 * A client over storage that lags behind its commits (memory mirrored to IndexedDB). Invariant: when a call that changes something is
 * answered, the change is where it survives the end of the page; a page that is loaded anew at once finds it. Reads do not wait.
 */
import type { HawserClient } from "../api.ts";

type Method = Exclude<keyof HawserClient, "subscribe">;
type AnyMethod = (...args: unknown[]) => Promise<unknown>;

/** Change nothing, or nothing that has to last. */
const READS: ReadonlySet<string> = new Set<Method>([
  "state",
  "diagnostics",
  "networkHint",
  "checkHandle",
  "linkStatus",
  "devices",
  "findHandle",
  "contactUri",
  "contacts",
  "safetyNumber",
  "conversations",
  "conversation",
  "messages",
  "message",
  "attachment",
  "search",
  "previewImport",
  "recoveryState",
  "passkeySettings",
  "listFork",
  "deviceListCode",
  "archive",
]);

/** Rejects with STORAGE_FULL when what was done could not be kept. */
export const flushedClient = (client: HawserClient, flush: () => Promise<void>): HawserClient =>
  new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function" || name === "subscribe" || READS.has(String(name))) return value;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer = await (value as AnyMethod).apply(target, args);
        await flush();
        return answer;
      };
    },
  });
