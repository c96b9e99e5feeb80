/**
 * A contact whose chain of device lists has parted, and a person's word about it. Invariants: nothing is decided without that word, here
 * or on another own device; with it change in one transaction what is pinned, the sessions with devices of the other branches, what was
 * sealed for them, the mark "verified" and the line in the chat; the own account is never decided about. docs/PROTOCOL.md, "Forks".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type AccountId,
  accountIdToBytes,
  concat,
  conversationWith,
  equalBytes,
  MESSAGE_ID_SIZE_BYTES,
  messageIdFromBytes,
  OperationalError,
  utf8,
} from "@hawser/base";
import { listCode, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import { MAX_LISTS_PER_ANSWER, type SignedDeviceList, SignedDeviceListSchema, type TrustState, TrustStateSchema } from "@hawser/wire";
import type { ListFork } from "../api.ts";
import { MAX_CHOSEN_LISTS_BYTES, MAX_FORK_LISTS_PER_ACCOUNT } from "../bounds.ts";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { type DeviceDirectory, deviceOf } from "../devices/directory.ts";
import { noteForks } from "../devices/fork-evidence.ts";
import { orderOfDelivery } from "../messaging/order.ts";
import type { StateSync } from "../messaging/state-sync.ts";
import { type Branch, branchId, findBranches, hasDevice, pinnedBranch, viewBranch } from "./list-branches.ts";

export interface ListForks {
  fork(account: AccountId): Promise<ListFork | undefined>;
  trust(account: AccountId, branch: string): Promise<void>;
  /** Another own device says what its person chose. Inside the delivery's transaction. */
  chosenElsewhere(account: AccountId, value: Uint8Array): void;
  /** On every connection: choices of other devices whose lists are not here yet. */
  resume(): Promise<void>;
  /** Other lists than the chosen ones claim their place. */
  isAgainstChoice(account: AccountId, entries: readonly SignedDeviceList[]): boolean;
  /** The chain has parted: perhaps another own device's person chose already. Inside the transaction of the lists. */
  parted(account: AccountId): void;
  ownCode(): { number: number; code: string };
}

interface Parts {
  readonly link: ServerLink & { readonly online: boolean };
  readonly directory: DeviceDirectory;
  readonly state: StateSync;
  /** A contact changed what the own devices share about it. */
  readonly unverify: (account: AccountId) => void;
}

export function createListForks(core: Core, { link, directory, state, unverify }: Parts): ListForks {
  const { lists, forkLists, listConflicts, sessions, outbox } = core.store;
  const { primitives } = core.ports;

  const branchesOf = (account: AccountId): { pinned: Branch | undefined; others: Branch[] } => {
    const chain = lists.lists(account);
    const others = findBranches(primitives, account, chain, forkLists.all(account));
    return { pinned: pinnedBranch(chain, others), others };
  };

  /** What the server has beside the pinned chain; lists prove themselves. */
  const askServer = async (account: AccountId): Promise<void> => {
    for (let afterNumber = 0; afterNumber < MAX_FORK_LISTS_PER_ACCOUNT; afterNumber += MAX_LISTS_PER_ANSWER) {
      const answer = await link.request("getDeviceLists", { accountId: accountIdToBytes(account), afterNumber: BigInt(afterNumber) });
      core.store.atomically(() => {
        if (directory.accept(account, answer.lists) === "stale") noteForks(core, account, answer.lists);
      });
      if (answer.lists.length < MAX_LISTS_PER_ANSWER) return;
    }
  };

  /** Everything that follows from a person's word about all branches seen here, or about those that another device names. */
  const adopt = (account: AccountId, chosen: Branch, pinned: Branch | undefined, rejected: readonly VerifiedDeviceList[]): void => {
    const before = lists.latest(account);
    const left = chosen === pinned ? [] : lists.lists(account).filter(({ number }) => number > chosen.commonNumber);
    if (chosen !== pinned) {
      lists.adopt(account, chosen.commonNumber, chosen.lists);
      forkLists.drop(chosen.lists);
    }
    for (const list of [...left, ...rejected]) forkLists.reject(list);
    rejectWhatFollows(account);
    dropSessions(account, before, chosen.newest);
    // What is under way was sealed for devices that may not be meant any more.
    outbox.unsealFor(account);
    endConflict(account);
  };
  const rejectWhatFollows = (account: AccountId): void => {
    for (const list of forkLists.all(account)) if (forkLists.isRejected(account, list.list.previousHash)) forkLists.reject(list);
  };
  /** Unless something is left that nobody has decided about. */
  const endConflict = (account: AccountId): void => {
    if (forkLists.all(account).some(({ hash }) => !forkLists.isRejected(account, hash))) return;
    listConflicts.delete(account);
    for (const topic of ["contacts", "conversations", "state", "outbox"] as const) core.notify.changed(topic);
  };
  const dropSessions = (account: AccountId, before: VerifiedDeviceList | undefined, now: VerifiedDeviceList): void => {
    for (const device of sessions.devicesWithSession(account)) {
      const had = deviceOf(before, device);
      if (had === undefined || !hasDevice(now, had)) sessions.delete({ account, device });
    }
  };

  /** The same line under the same number on all own devices. */
  const tellInChat = (account: AccountId, { listHash, chosenAtMs }: TrustState): void => {
    const label = concat(utf8("hawser list chosen v1\0"), accountIdToBytes(account), listHash, utf8(String(chosenAtMs)));
    const conversation = core.store.conversations.ensure(conversationWith(account));
    const atMs = Math.max(1, Number(chosenAtMs));
    const { messages } = core.store;
    const id = messageIdFromBytes(primitives.sha256(label).slice(0, MESSAGE_ID_SIZE_BYTES));
    const order = messages.insert({
      id,
      conversation: conversation.row,
      sentAtMs: atMs,
      orderFrom: orderOfDelivery(atMs, atMs, core.timeMs(), () => messages.newestMs()),
      outgoing: false,
      senderAccount: undefined,
      senderName: "",
      kind: "system",
      status: "received",
      text: "",
      quoted: undefined,
      attachments: [],
      notice: "device-list-chosen",
    });
    if (order === undefined) return;
    core.store.conversations.noteMessage(conversation.row, order, undefined);
    core.notify.message(id, true);
    core.notify.messagesChanged(conversation.id);
  };

  const refuseOwn = (account: AccountId): void => {
    if (account === core.identity.requireSelf().account) throw new OperationalError("SELF");
  };

  /** Pins what another device's person chose, if its lists are here; what was chosen and is not here freezes until it is. */
  const settle = (account: AccountId, choice: TrustState, isNew: boolean): void => {
    const { pinned, others } = branchesOf(account);
    const stands = lists.at(account, Number(choice.listNumber));
    const rejected = verifiedOf(account, choice.rejected).filter((list) => !isPinned(list));
    if (stands !== undefined && equalBytes(stands.hash, choice.listHash)) {
      if (isNew && pinned !== undefined) adopt(account, pinned, pinned, rejected);
      return;
    }
    const chosen = others.find((branch) => branch.lists.some((list) => equalBytes(list.hash, choice.listHash)));
    if (chosen !== undefined) return adopt(account, chosen, pinned, rejected);
    if (stands === undefined) return;
    if (listConflicts.add(account, "equivocation", core.timeMs())) core.notify.changed("contacts");
  };
  const isPinned = ({ account, number, hash }: VerifiedDeviceList): boolean => {
    const known = lists.at(account, number);
    return known !== undefined && equalBytes(known.hash, hash);
  };
  const verifiedOf = (account: AccountId, entries: readonly SignedDeviceList[]): VerifiedDeviceList[] =>
    entries.slice(0, MAX_FORK_LISTS_PER_ACCOUNT).flatMap((entry) => {
      const list = verifyDeviceList(primitives, entry);
      return list.ok && list.value.account === account ? [list.value] : [];
    });
  const choiceOf = (account: AccountId): TrustState | undefined => readTrust(core.store.stateEntries.find("trust", account)?.value);

  return {
    async fork(account) {
      refuseOwn(account);
      if (link.online) await askServer(account).catch(() => undefined);
      const { pinned, others } = branchesOf(account);
      if (pinned === undefined || (others.length === 0 && !listConflicts.has(account))) return undefined;
      const all = [pinned, ...others];
      const rejected = (branch: Branch): boolean => forkLists.isRejected(account, branch.newest.hash);
      return {
        account,
        listConflict: listConflicts.has(account),
        commonNumber: pinned.commonNumber,
        branches: all.map((branch) => viewBranch(branch, all, { pinned: branch === pinned, rejected: rejected(branch) })),
      };
    },
    async trust(account, branch) {
      refuseOwn(account);
      core.store.atomically(() => {
        const { pinned, others } = branchesOf(account);
        const all = [...(pinned === undefined ? [] : [pinned]), ...others];
        const chosen = all.find((one) => branchId(one) === branch);
        if (chosen === undefined) throw new OperationalError("UNKNOWN_BRANCH");
        const rejected = all.filter((one) => one !== chosen);
        const choice = choiceFor(chosen, rejected, core.timeMs());
        // What is no whole branch was shown to nobody: it freezes again should it come again.
        forkLists.forgetUndecided(account);
        adopt(
          account,
          chosen,
          pinned,
          rejected.filter((one) => one !== pinned).flatMap((one) => one.lists),
        );
        state.share("trust", account, toBinary(TrustStateSchema, choice));
        unverify(account);
        tellInChat(account, choice);
      });
      core.log({ event: "list-branch-chosen", id: branch });
      await directory.teach(account).catch(() => undefined);
    },
    chosenElsewhere(account, value) {
      const choice = readTrust(value);
      if (choice === undefined || account === core.identity.requireSelf().account) return;
      noteForks(core, account, choice.lists);
      settle(account, choice, true);
      tellInChat(account, choice);
    },
    async resume() {
      for (const account of listConflicts.all()) {
        const choice = choiceOf(account);
        if (choice === undefined || account === core.identity.self()?.account) continue;
        await askServer(account);
        core.store.atomically(() => settle(account, choice, false));
      }
    },
    isAgainstChoice(account, entries) {
      const choice = choiceOf(account);
      if (choice === undefined) return false;
      const itsPlace = verifiedOf(account, entries).filter(({ number }) => number === Number(choice.listNumber));
      return itsPlace.some(({ hash }) => !equalBytes(hash, choice.listHash));
    },
    parted(account) {
      const choice = choiceOf(account);
      if (choice !== undefined) settle(account, choice, false);
    },
    ownCode() {
      const own = lists.latest(core.identity.requireSelf().account);
      if (own === undefined) throw new OperationalError("STORAGE_LOST");
      return { number: own.number, code: listCode(own) };
    },
  };
}

function choiceFor({ lists, newest }: Branch, others: readonly Branch[], nowMs: number): TrustState {
  const fitting = (all: readonly VerifiedDeviceList[]): SignedDeviceList[] => {
    const sizeBytes = all.reduce((sum, { entry }) => sum + entry.payload.length + entry.signature.length, 0);
    return sizeBytes <= MAX_CHOSEN_LISTS_BYTES ? all.map(({ entry }) => create(SignedDeviceListSchema, entry)) : [];
  };
  return create(TrustStateSchema, {
    listNumber: BigInt(newest.number),
    listHash: newest.hash,
    chosenAtMs: BigInt(Math.floor(nowMs)),
    lists: fitting(lists),
    rejected: fitting(others.flatMap((other) => other.lists.slice(0, 1))),
  });
}

const HASH_SIZE_BYTES = 32;

export function readTrust(value: Uint8Array | undefined): TrustState | undefined {
  if (value === undefined || value.length === 0) return undefined;
  try {
    const choice = fromBinary(TrustStateSchema, value);
    const isWhole =
      choice.listHash.length === HASH_SIZE_BYTES && Number.isSafeInteger(Number(choice.listNumber)) && choice.chosenAtMs >= 0n;
    return isWhole ? choice : undefined;
  } catch {
    return undefined;
  }
}
