/**
 * The device's keys a second time, in IndexedDB, beside a database that lies in the file system: browsers lose one without the other. Beside
 * a database that is mirrored to IndexedDB it helps against damage, not against loss.
 * Invariants: what is stored is sealed under a key that no script can read out; a record is written whole or not at all. Beside it
 * stands whether the database was left properly, and whether it was seen damaged.
 */
import { settled } from "./settled.ts";

const STORE = "vault";
const NONCE_SIZE_BYTES = 12;

interface Sealed {
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly data: ArrayBuffer;
}

export interface WebVault {
  readonly kept: Uint8Array | undefined;
  put(record: Uint8Array): void;
  clear(): Promise<void>;
  /** The database was seen damaged, or its last user ended without closing it. */
  readonly suspicion: "damaged" | "left-open" | undefined;
  note(what: "damaged" | "open" | "closed" | "sound"): Promise<void>;
}

/** `undefined` where IndexedDB is denied. */
export async function openIdentityVault(profile: string): Promise<WebVault | undefined> {
  try {
    const request = indexedDB.open(nameOf(profile), 1);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    return await openIn(await settled(request));
  } catch {
    return undefined;
  }
}

/** Whether an account is kept there; makes nothing. */
export async function keepsIdentity(profile: string): Promise<boolean> {
  try {
    const name = nameOf(profile);
    if (!(await indexedDB.databases()).some((database) => database.name === name)) return false;
    const database = await settled(indexedDB.open(name, 1));
    try {
      return (await settled(database.transaction(STORE, "readonly").objectStore(STORE).count("record"))) > 0;
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

const nameOf = (profile: string): string => `hawser-vault-${profile}`;

async function openIn(database: IDBDatabase): Promise<WebVault> {
  const store = (mode: IDBTransactionMode): IDBObjectStore =>
    database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  const get = <T>(name: string): Promise<T | undefined> => settled(store("readonly").get(name) as IDBRequest<T | undefined>);
  const set = async (name: string, value: unknown): Promise<void> => void (await settled(store("readwrite").put(value, name)));
  const key = await ownKey(get, set);
  const [sealed, isOpen, isDamaged] = await Promise.all([get<Sealed>("record"), get<boolean>("open"), get<boolean>("damaged")]);

  let last: string | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  const write = (record: Uint8Array): Promise<void> => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE_BYTES));
    return crypto.subtle
      .encrypt({ name: "AES-GCM", iv: nonce }, key, new Uint8Array(record))
      .then((data) => set("record", { nonce, data } satisfies Sealed));
  };
  return {
    kept: sealed === undefined ? undefined : await open(key, sealed),
    suspicion: isDamaged === true ? "damaged" : isOpen === true ? "left-open" : undefined,
    put(record) {
      const text = record.join();
      if (text === last) return;
      last = text;
      writing = writing.then(() => write(record)).catch(() => (last = undefined));
    },
    async clear() {
      last = undefined;
      await writing;
      await settled(store("readwrite").delete("record")).catch(() => undefined);
    },
    async note(what) {
      if (what === "damaged" || what === "sound") await set("damaged", what === "damaged");
      else await set("open", what === "open");
    },
  };
}

async function ownKey(
  get: (name: string) => Promise<CryptoKey | undefined>,
  set: (name: string, value: unknown) => Promise<void>,
): Promise<CryptoKey> {
  const kept = await get("key");
  if (kept !== undefined) return kept;
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await set("key", key);
  return key;
}

async function open(key: CryptoKey, { nonce, data }: Sealed): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, key, data));
  } catch {
    return undefined;
  }
}
