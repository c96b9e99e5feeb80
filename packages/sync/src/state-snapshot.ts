/**
 * One collection of shared state as the phone holds it, in pages that each prove themselves. Invariants: only the account key makes a page,
 * for one device and one question of it, so that none can be forged, brought again, or shown to another; a snapshot never undoes a later write.
 * docs/PROTOCOL.md, "Snapshots".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AccountId,
  accountIdToBytes,
  type Bytes,
  concat,
  equalBytes,
  err,
  ok,
  type Primitives,
  type Result,
  utf8,
} from "@hawser/base";
import {
  MAX_SNAPSHOT_PAGES,
  MAX_STATE_UPDATES,
  type SignedStateSnapshotPage,
  SignedStateSnapshotPageSchema,
  type StateSnapshotPage,
  StateSnapshotPageSchema,
} from "@hawser/wire";
import { TARGET_SNAPSHOT_PAGE_BYTES } from "./bounds.ts";
import type { StateRow } from "./state-digest.ts";
import { mergeStamp } from "./state-log.ts";

const LABEL = utf8("hawser state snapshot v1\0");

/** The question that a snapshot answers. */
export interface StateQuestion {
  readonly account: AccountId;
  readonly checkId: Bytes;
  /** Who asks. */
  readonly device: number;
}

export type SnapshotFault = "malformed" | "bad-signature" | "other-account" | "not-asked";

/** `undefined`: the collection has more rows than a snapshot holds. */
export function signSnapshot(
  { account, checkId, device }: StateQuestion,
  { collection, rows, nowMs }: { readonly collection: string; readonly rows: readonly StateRow[]; readonly nowMs: number },
  accountSeed: Bytes,
  { ed25519Sign }: Primitives,
): SignedStateSnapshotPage[] | undefined {
  const pages = paginate(rows);
  if (pages.length > MAX_SNAPSHOT_PAGES) return undefined;
  return pages.map((page, index) => {
    const payload = toBinary(
      StateSnapshotPageSchema,
      create(StateSnapshotPageSchema, {
        accountId: accountIdToBytes(account), checkId, device, collection, takenAtMs: BigInt(Math.floor(nowMs)), index, pageCount: pages.length,
        entries: page.map(({ key, value, timeMs, counter, device: writer }) => ({ key, value, timeMs: BigInt(timeMs), counter, device: writer })),
      }),
    ); // prettier-ignore
    return create(SignedStateSnapshotPageSchema, { payload, signature: ed25519Sign(accountSeed, concat(LABEL, payload)) });
  });
}

/** At least one page, of whole rows. */
function paginate(rows: readonly StateRow[]): StateRow[][] {
  let page: StateRow[] = [];
  const pages = [page];
  let sizeBytes = 0;
  for (const row of rows) {
    if (page.length === MAX_STATE_UPDATES || sizeBytes >= TARGET_SNAPSHOT_PAGE_BYTES) {
      pages.push((page = []));
      sizeBytes = 0;
    }
    page.push(row);
    sizeBytes += row.value.length + row.key.length;
  }
  return pages;
}

export function openSnapshotPage(
  { payload, signature }: SignedStateSnapshotPage,
  asked: StateQuestion,
  accountKey: Bytes,
  { ed25519Verify }: Primitives,
): Result<StateSnapshotPage, SnapshotFault> {
  let page: StateSnapshotPage;
  try {
    if (!ed25519Verify(accountKey, concat(LABEL, payload), signature)) return err("bad-signature");
    page = fromBinary(StateSnapshotPageSchema, payload);
  } catch {
    return err("malformed");
  }
  if (!equalBytes(page.accountId, accountIdToBytes(asked.account))) return err("other-account");
  if (!equalBytes(page.checkId, asked.checkId) || page.device !== asked.device) return err("not-asked");
  const isWhole =
    page.pageCount <= MAX_SNAPSHOT_PAGES &&
    page.index < page.pageCount &&
    page.entries.length <= MAX_STATE_UPDATES &&
    page.entries.every(({ timeMs }) => timeMs <= BigInt(Number.MAX_SAFE_INTEGER));
  return isWhole ? ok(page) : err("malformed");
}

/** `undefined` unless these are all pages of one snapshot, each once. */
export function joinPages(pages: readonly StateSnapshotPage[]): StateRow[] | undefined {
  const [first] = pages;
  const sorted = pages.toSorted((a, b) => a.index - b.index);
  const isOne = sorted.every(
    ({ index, pageCount, collection, takenAtMs }, i) =>
      index === i && pageCount === pages.length && collection === first!.collection && takenAtMs === first!.takenAtMs,
  );
  if (first === undefined || !isOne) return undefined;
  return sorted.flatMap(({ collection, entries }) =>
    entries.map(({ key, value, timeMs, counter, device }) => ({ collection, key, value, timeMs: Number(timeMs), counter, device })),
  );
}

/** What of a whole snapshot this device lacks, and what of its own rows the phone lacks. Of two values of one write the phone's stands. */
export function mergeSnapshot(local: readonly StateRow[], snapshot: readonly StateRow[]): { take: StateRow[]; share: StateRow[] } {
  const here = new Map(local.map((row) => [row.key, row]));
  const there = new Map(snapshot.map((row) => [row.key, row]));
  const take = [...there.values()].filter((row) => {
    const current = here.get(row.key);
    const outcome = mergeStamp(current, row);
    return outcome === "advance" || (outcome === "same" && !equalBytes(current!.value, row.value));
  });
  return { take, share: local.filter((row) => mergeStamp(there.get(row.key), row) === "advance") };
}
