/**
 * The directory over one SQL store. Invariants: rows of `lists` are appended after their signature and place in the chain
 * were checked, in one transaction with the account's `list_number`; what the cache holds is what the store holds.
 */
import {
  type AccountId,
  accountIdToBytes,
  assert,
  type Bytes,
  type DeviceNumber,
  equalBytes,
  err,
  must,
  ok,
  type Primitives,
  type Result,
  type SqlDatabase,
} from "@hawser/base";
import { mayFollowFull, mergeDeviceLists, parseDeviceList, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { DeviceKind, MAX_CHAIN_LISTS, MAX_LISTS_PER_ANSWER, type SignedDeviceList, SignedDeviceListSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { BlockedSenders } from "../blocks/blocked-senders.ts";
import { migrate } from "../store/migrations.ts";
import { RecentMap } from "../store/recent-map.ts";
import type { Directory, DirectoryDevice, DirectoryEntry, DirectoryError, DirectoryListener } from "./directory.ts";
import { DIRECTORY_MIGRATIONS } from "./directory-schema.ts";

/** Accounts kept in memory, about 1 KB each. */
export const MAX_CACHED_ACCOUNTS = 20_000;
/** Lists in one answer, so that it fits a frame with room for the rest. Callers ask again above the last one they got. */
export const MAX_LISTS_ANSWER_BYTES = 786_432;

interface ListRow {
  readonly payload: Bytes;
  readonly signature: Bytes;
}

export class SqlDirectory implements Directory {
  readonly #database: SqlDatabase;
  readonly #primitives: Primitives;
  readonly #blocked: BlockedSenders;
  readonly #cache: RecentMap<AccountId, DirectoryEntry>;
  readonly #maxChainLists: number;
  readonly #listeners: DirectoryListener[] = [];

  constructor(options: {
    readonly database: SqlDatabase;
    readonly primitives: Primitives;
    readonly maxCachedAccounts?: number;
    readonly maxChainLists?: number;
  }) {
    migrate(options.database, DIRECTORY_MIGRATIONS);
    this.#database = options.database;
    this.#primitives = options.primitives;
    this.#maxChainLists = options.maxChainLists ?? MAX_CHAIN_LISTS;
    this.#blocked = new BlockedSenders(options.database);
    this.#cache = new RecentMap(options.maxCachedAccounts ?? MAX_CACHED_ACCOUNTS);
  }

  get blocked(): BlockedSenders {
    return this.#blocked;
  }

  find(account: AccountId): DirectoryEntry | undefined {
    const known = this.#cache.get(account);
    if (known !== undefined) return known;
    const latest = this.#latest(account);
    if (latest === undefined) return undefined;
    const entry = entryOf(latest);
    this.#cache.set(account, entry);
    return entry;
  }

  listsAfter(account: AccountId, afterNumber: number): SignedDeviceList[] {
    const rows = this.#database
      .prepare("SELECT payload, signature FROM lists WHERE account = ? AND number > ? ORDER BY number LIMIT ?")
      .all<ListRow>(accountIdToBytes(account), afterNumber, MAX_LISTS_PER_ANSWER);
    let sizeBytes = 0;
    const fitting = rows.filter((row) => (sizeBytes += row.payload.length + row.signature.length) <= MAX_LISTS_ANSWER_BYTES);
    return fitting.map(toMessage);
  }

  revokingList(account: AccountId, device: DeviceNumber): SignedDeviceList | undefined {
    const row = this.#database
      .prepare(
        "SELECT payload, signature FROM revocations r JOIN lists l ON l.account = r.account AND l.number = r.list_number WHERE r.account = ? AND r.device = ?",
      )
      .get<ListRow>(accountIdToBytes(account), device);
    return row === undefined ? undefined : toMessage(row);
  }

  isBlocked(recipient: AccountId, sender: AccountId): boolean {
    return this.#blocked.has(recipient, sender);
  }

  onChange(listener: DirectoryListener): void {
    this.#listeners.push(listener);
  }

  apply(lists: readonly SignedDeviceList[]): Result<DirectoryEntry, DirectoryError> {
    if (lists.length === 0 || lists.length > MAX_LISTS_PER_ANSWER) return invalid("number of lists");
    const first = parseDeviceList(this.#primitives, lists[0]!);
    if (!first.ok) return invalid(first.error.kind === "malformed" ? first.error.rule : first.error.kind);
    const latest = this.#latest(first.value.account);
    if (latest === undefined)
      return err({ code: "UNKNOWN_ACCOUNT", missing: [], account: first.value.account, reason: "not registered here" });

    const fresh: SignedDeviceList[] = [];
    for (const list of lists) {
      const place = this.#placeOf(latest, list);
      if (place === "known") continue;
      if (place !== "new") return err(place);
      fresh.push(list);
    }
    if (fresh.length === 0) return ok(this.find(latest.account)!);
    const merged = mergeDeviceLists(this.#primitives, latest, fresh);
    switch (merged.kind) {
      case "advance":
        if (!merged.lists.every((list, i) => mayFollowFull(merged.lists[i - 1] ?? latest, list, this.#maxChainLists)))
          return err({ code: "LIST_CHAIN_FULL", missing: [], account: latest.account, reason: "the chain is full" });
        return ok(this.#append(latest, merged.lists, merged.latest));
      case "same":
        return ok(this.find(latest.account)!);
      case "stale":
        return this.#conflict(latest, merged.theirNumber, "older than the current list");
      case "conflict": {
        const { cause } = merged;
        if (cause.kind === "equivocation") return this.#conflict(latest, cause.number - 1, "another list stands there");
        if (cause.kind === "gap") return this.#conflict(latest, latest.number, "lists are missing in between");
        return invalid(cause.kind === "malformed" ? cause.rule : cause.kind);
      }
    }
  }

  /** Stores list 1 of a new account; the caller has verified it and runs the transaction. Call `announce` after the commit. */
  insertFirst(list: VerifiedDeviceList, handle: string, nowMs: number): void {
    assert(list.number === 1 && this.#database.inTransaction, "an account begins with list 1, in a transaction");
    const account = accountIdToBytes(list.account);
    this.#database.prepare("INSERT INTO accounts VALUES (?, ?, 1, ?)").run(account, handle, Math.floor(nowMs));
    this.#database.prepare("INSERT INTO lists VALUES (?, 1, ?, ?)").run(account, list.entry.payload, list.entry.signature);
  }

  announceFirst(list: VerifiedDeviceList): void {
    const entry = entryOf(list);
    this.#cache.set(list.account, entry);
    this.#tell(entry, [toMessage(list.entry)], []);
  }

  handleOf(account: AccountId): string | undefined {
    return this.#database.prepare("SELECT handle FROM accounts WHERE account = ?").get<{ handle: string }>(accountIdToBytes(account))
      ?.handle;
  }

  /** The account behind a handle, 20 bytes. */
  accountOf(handle: string): Bytes | undefined {
    return this.#database.prepare("SELECT account FROM accounts WHERE handle = ?").get<{ account: Bytes }>(handle)?.account;
  }

  /** Whether an entry at or below the current number is the one stored there, or that it is newer. */
  #placeOf(latest: VerifiedDeviceList, list: SignedDeviceList): "known" | "new" | DirectoryError {
    const parsed = parseDeviceList(this.#primitives, list);
    if (!parsed.ok) return invalidError(parsed.error.kind === "malformed" ? parsed.error.rule : parsed.error.kind);
    if (parsed.value.account !== latest.account) return invalidError("another account");
    if (parsed.value.number > latest.number) return "new";
    const stored = this.#database
      .prepare("SELECT payload, signature FROM lists WHERE account = ? AND number = ?")
      .get<ListRow>(accountIdToBytes(latest.account), parsed.value.number);
    assert(stored !== undefined, "the chain has no holes");
    if (equalBytes(stored.payload, list.payload)) return "known";
    if (!verifyDeviceList(this.#primitives, list).ok) return invalidError("bad-signature");
    return {
      code: "LIST_CONFLICT",
      missing: this.listsAfter(latest.account, parsed.value.number - 1),
      account: latest.account,
      reason: "another list stands there",
    };
  }

  #conflict(latest: VerifiedDeviceList, afterNumber: number, reason: string): Result<never, DirectoryError> {
    return err({
      code: "LIST_CONFLICT",
      missing: this.listsAfter(latest.account, Math.max(0, afterNumber)),
      account: latest.account,
      reason,
    });
  }

  #append(known: VerifiedDeviceList, lists: readonly VerifiedDeviceList[], latest: VerifiedDeviceList): DirectoryEntry {
    const account = accountIdToBytes(latest.account);
    this.#database.transaction(() => {
      for (const list of lists) {
        this.#database.prepare("INSERT INTO lists VALUES (?, ?, ?, ?)").run(account, list.number, list.entry.payload, list.entry.signature);
        for (const { device } of list.list.revocations) {
          this.#database.prepare("INSERT INTO revocations VALUES (?, ?, ?) ON CONFLICT DO NOTHING").run(account, device, list.number);
        }
      }
      const moved = this.#database
        .prepare("UPDATE accounts SET list_number = ? WHERE account = ? AND list_number = ?")
        .run(latest.number, account, known.number);
      assert(moved.changes === 1, "the list that was built on is the stored one");
    });
    const entry = entryOf(latest);
    this.#cache.set(latest.account, entry);
    const revoked = [...entryOf(known).devices.keys()].filter((device) => !entry.devices.has(device));
    this.#tell(
      entry,
      lists.map((list) => toMessage(list.entry)),
      revoked,
    );
    return entry;
  }

  #tell(entry: DirectoryEntry, lists: readonly SignedDeviceList[], revoked: readonly DeviceNumber[]): void {
    for (const listener of this.#listeners) listener(entry, lists, revoked);
  }

  /** The newest list as it is stored: asked for when it changes, and when an account is not in the cache. */
  #latest(account: AccountId): VerifiedDeviceList | undefined {
    const row = this.#database
      .prepare(
        "SELECT payload, signature FROM accounts a JOIN lists l ON l.account = a.account AND l.number = a.list_number WHERE a.account = ?",
      )
      .get<ListRow>(accountIdToBytes(account));
    return row === undefined ? undefined : must(parseDeviceList(this.#primitives, row), "a stored list");
  }
}

const toMessage = (row: ListRow): SignedDeviceList => create(SignedDeviceListSchema, { payload: row.payload, signature: row.signature });

const invalidError = (reason: string): DirectoryError => ({ code: "LIST_INVALID", missing: [], account: undefined, reason });
const invalid = (reason: string): Result<never, DirectoryError> => err(invalidError(reason));

/** What the other roles need of a list, and no more: it is kept for every account that is connected. */
function entryOf({ account, number, hash, list }: VerifiedDeviceList): DirectoryEntry {
  const devices = new Map<DeviceNumber, DirectoryDevice>();
  for (const { number: device, kind, signingKey, dhKey } of list.devices) {
    devices.set(device as DeviceNumber, { kind: kind === DeviceKind.PHONE ? "phone" : "companion", signingKey, dhKey });
  }
  return { account, listNumber: number, listHash: hash, devices, nextDeviceNumber: list.nextDeviceNumber };
}
