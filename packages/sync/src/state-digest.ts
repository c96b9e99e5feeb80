/**
 * What two devices compare to know whether they hold the same shared state. Invariant: the hash of a collection depends on its rows alone, not
 * on the order in which they came. docs/PROTOCOL.md, "Snapshots".
 */
import { type Bytes, concat, type Primitives, utf8 } from "@hawser/base";
import type { StateStamp } from "./state-log.ts";

export interface StateRow extends StateStamp {
  readonly collection: string;
  readonly key: string;
  /** Empty: deleted. */
  readonly value: Bytes;
}

const ROW_LABEL = utf8("hawser state row v1\0");
const COLLECTION_LABEL = utf8("hawser state digest v1\0");

export function stateRowHash({ collection, key, timeMs, counter, device, value }: StateRow, { sha256 }: Primitives): Bytes {
  const [name, its] = [utf8(collection), utf8(key)];
  const head = new DataView(new ArrayBuffer(24));
  head.setUint32(0, name.length);
  head.setUint32(4, its.length);
  head.setBigUint64(8, BigInt(timeMs));
  head.setUint32(16, counter);
  head.setUint32(20, device);
  return sha256(concat(ROW_LABEL, new Uint8Array(head.buffer), name, its, value));
}

/** `rowHashes` in any order; the array is sorted in place. */
export function collectionHash(rowHashes: Bytes[], { sha256 }: Primitives): Bytes {
  return sha256(concat(COLLECTION_LABEL, ...rowHashes.sort(compareBytes)));
}

function compareBytes(a: Bytes, b: Bytes): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
