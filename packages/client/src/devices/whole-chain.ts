/**
 * The chain of lists where it does not fit into one message. Invariant: a device becomes a member with every list from the first on,
 * verified; what it was handed over a link may be the newest of them, and the server's part has to lead exactly there.
 */
import { type AccountId, accountIdToBytes, OperationalError } from "@hawser/base";
import { parseDeviceList, verifyChain } from "@hawser/crypto";
import { MAX_CHAIN_LISTS, MAX_LISTS_PER_ANSWER, type SignedDeviceList } from "@hawser/wire";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";

type ListEntry = Pick<SignedDeviceList, "payload" | "signature">;

/** An approval stands in one slot of a rendezvous (64 KiB), beside keys and names. */
const MAX_HANDED_BYTES = 56_000;
/** Field headers around one list. */
const LIST_OVERHEAD_BYTES = 16;
/** Removals go on beyond the limit, and each of them takes a device away. */
const MAX_FETCHED_LISTS = MAX_CHAIN_LISTS + MAX_LISTS_PER_ANSWER;

/** The whole chain, or as much of its end as fits into an approval. */
export function handedLists(chain: readonly ListEntry[]): readonly ListEntry[] {
  let sizeBytes = 0;
  const first = chain.findLastIndex(({ payload, signature }) => {
    sizeBytes += payload.length + signature.length + LIST_OVERHEAD_BYTES;
    return sizeBytes > MAX_HANDED_BYTES;
  });
  return chain.slice(first + 1);
}

/** Every list of an account that the server has, up to `lastNumber`; not verified. */
export async function fetchLists(link: ServerLink, account: AccountId, lastNumber = MAX_FETCHED_LISTS): Promise<ListEntry[]> {
  const fetched: ListEntry[] = [];
  while (fetched.length < lastNumber) {
    const afterNumber = BigInt(fetched.length);
    const { lists } = await link.request("getDeviceLists", { accountId: accountIdToBytes(account), afterNumber });
    if (lists.length === 0) break;
    fetched.push(...lists);
  }
  return fetched.slice(0, lastNumber);
}

/** Where the server stands with an account, at most `newest`, and what it has from there on. A few questions, however long the chain is. */
export async function newestAtServer(
  link: ServerLink,
  account: AccountId,
  newest: number,
): Promise<{ readonly number: number; readonly lists: readonly SignedDeviceList[] }> {
  for (let back = 1; ; back *= 2) {
    const after = Math.max(0, newest - back);
    const { lists } = await link.request("getDeviceLists", { accountId: accountIdToBytes(account), afterNumber: BigInt(after) });
    if (lists.length > 0 || after === 0) return { number: after + lists.length, lists };
  }
}

/** What was handed over, with the lists before it. Rejects when the server's do not lead there. */
export async function withEarlierLists(
  core: Core,
  link: ServerLink,
  account: AccountId,
  handed: readonly ListEntry[],
): Promise<readonly ListEntry[]> {
  const earlier = await fetchLists(link, account, firstNumber(core, handed) - 1);
  const whole = [...earlier, ...handed];
  if (verifyChain(core.ports.primitives, whole, { account }).kind !== "ok") throw new OperationalError("LIST_INVALID");
  return whole;
}

export const isWhole = (core: Core, handed: readonly ListEntry[]): boolean => firstNumber(core, handed) === 1;

function firstNumber(core: Core, handed: readonly ListEntry[]): number {
  const first = handed[0] === undefined ? undefined : parseDeviceList(core.ports.primitives, handed[0]);
  if (first?.ok !== true) throw new OperationalError("LIST_INVALID");
  return first.value.number;
}
