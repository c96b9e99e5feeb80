/** People: finding, adding, naming, blocking, comparing safety numbers. What is decided here is shared with the own devices. */
import { create } from "@bufbuild/protobuf";
import {
  type AccountId,
  accountIdToBytes,
  concat,
  conversationWith,
  fromBase64Url,
  fromUtf8,
  OperationalError,
  toBase64Url,
  utf8,
} from "@hawser/base";
import { safetyNumber } from "@hawser/crypto";
import { BlockStateSchema, ContactStateSchema, HANDLE_PATTERN } from "@hawser/wire";
import { checkName } from "../account/names.ts";
import type { Contact, SafetyNumber } from "../api.ts";
import { isTransient, RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { DeviceDirectory } from "../devices/directory.ts";
import { parseAccountBytes } from "../messaging/content.ts";
import type { Receipts } from "../messaging/receipts.ts";
import { acceptConversation } from "../messaging/state-apply.ts";
import { encodeState, type StateSync } from "../messaging/state-sync.ts";
import { blockTold, noteUntoldBlock, untoldBlocks } from "./untold-blocks.ts";
import { type ContactChange, type ContactRow, toContact } from "../store/contacts.ts";

export interface ContactBook {
  findHandle(handle: string): Promise<{ account: AccountId; handle: string } | undefined>;
  add(options: { account: AccountId; name: string; handle?: string }): Contact;
  uri(): string;
  openUri(text: string): { account: AccountId; handle: string };
  rename(account: AccountId, name: string): void;
  setBlocked(account: AccountId, blocked: boolean): Promise<void>;
  setVerified(account: AccountId, verified: boolean): void;
  /** The mark "verified" is gone, here and on the own devices. */
  unverify(account: AccountId): void;
  safetyNumber(account: AccountId): Promise<SafetyNumber>;
  /** A stranger's message becomes a chat; what waited for it gets its receipts. */
  accept(account: AccountId): void;
  /** Another own device has accepted it: the same here, and nothing is shared again. */
  acceptedElsewhere(account: AccountId): void;
  /** The store was damaged: who is in the list and not in the shared state any more is shared again. Inside a transaction. */
  shareLost(): void;
  /** Asks the server for the handle of someone who wrote, once. */
  learnHandle(account: AccountId): void;
  /** Tells the server about blocks it has not confirmed. */
  flushBlocks(): Promise<void>;
  /** Another own device has decided about one: the server hears it from this one as well, when what follows is here. */
  blockedElsewhere(): void;
  stop(): void;
}

interface Parts {
  readonly link: ServerLink;
  readonly directory: DeviceDirectory;
  readonly state: StateSync;
  readonly receipts: Receipts;
}

const VERSION_PREFIX = "1.";
const TELL_AGAIN_AFTER_MS = 30_000;
/** A device that was away takes over, one after the other, what was decided meanwhile: only the last of it is told. */
const TELL_AFTER_MS = 3_000;

export function createContactBook(core: Core, { link, directory, state, receipts }: Parts): ContactBook {
  const { contacts, kv } = core.store;
  const asking = new Set<AccountId>();

  const refuseSelf = (account: AccountId): void => {
    if (account === core.identity.requireSelf().account) throw new OperationalError("SELF");
  };
  /** Changes a contact and shares the whole of it. */
  const change = (account: AccountId, columns: ContactChange): ContactRow =>
    core.store.atomically(() => {
      const row = contacts.put(account, columns);
      const value = create(ContactStateSchema, {
        name: row.name,
        handle: row.handle,
        verified: row.verified === 1,
        addedAtMs: BigInt(row.added_at_ms),
        profileName: row.profile_name,
      });
      if (row.listed === 1) state.share("contact", account, encodeState(ContactStateSchema, value));
      core.notify.changed("contacts");
      core.notify.changed("conversations");
      return row;
    });
  const require = (account: AccountId): ContactRow => {
    const row = contacts.find(account);
    if (row === undefined) throw new OperationalError("UNKNOWN_CONTACT");
    return row;
  };
  const learnHandle = (account: AccountId): void => {
    if (asking.has(account)) return;
    asking.add(account);
    void link
      .request("getHandle", { accountId: accountIdToBytes(account) })
      .then(({ handle }) => {
        if (!HANDLE_PATTERN.test(handle) || core.identity.phase() !== "ready") return;
        contacts.put(account, { handle });
        core.notify.changed("contacts");
        core.notify.changed("conversations");
      })
      .catch(() => asking.delete(account));
  };
  const accept = (account: AccountId): void =>
    core.store.atomically(() => {
      if (contacts.find(account)?.listed !== 1) change(account, { listed: 1, added_at_ms: Math.floor(core.timeMs()) });
      acceptedElsewhere(account);
    });
  const acceptedElsewhere = (account: AccountId): void => {
    const conversation = core.store.conversations.find(conversationWith(account));
    if (conversation === undefined || conversation.accepted === 1) return;
    core.store.atomically(() => {
      acceptConversation(core, account, true);
      for (const message of core.store.messages.before(conversation.row, Number.MAX_SAFE_INTEGER, 256)) {
        if (!message.outgoing && message.kind === "text") receipts.delivered(account, message.id);
      }
      receipts.flush();
    });
  };
  const tellBlocks = async (): Promise<void> => {
    for (const [account, blocked] of Object.entries(untoldBlocks(kv))) {
      try {
        await link.request("setBlocked", { accountId: accountIdToBytes(account as AccountId), blocked });
      } catch (error) {
        // The server does not know the account: there is nothing it could let through.
        if (!(error instanceof RequestFailed) || error.code !== "UNKNOWN_ACCOUNT") throw error;
      }
      blockTold(kv, account, blocked);
    }
  };
  let cancelTelling: (() => void) | undefined;
  const tellLater = (afterMs: number): void => {
    cancelTelling?.();
    cancelTelling = core.ports.clock.after(afterMs, () => void flushBlocks());
  };
  const flushBlocks = async (): Promise<void> => {
    try {
      await tellBlocks();
    } catch (error) {
      // Without a connection it is told on the next one.
      if (error instanceof RequestFailed && isTransient(error)) tellLater(TELL_AGAIN_AFTER_MS);
    }
  };

  return {
    async findHandle(handle) {
      if (!HANDLE_PATTERN.test(handle)) throw new OperationalError("HANDLE_INVALID");
      try {
        const account = parseAccountBytes((await link.request("findHandle", { handle })).accountId);
        return account === undefined ? undefined : { account, handle };
      } catch (error) {
        if (error instanceof RequestFailed && error.code === "HANDLE_UNKNOWN") return undefined;
        throw error;
      }
    },
    add({ account, name, handle }) {
      refuseSelf(account);
      checkName(name);
      const row = contacts.find(account);
      const changed = change(account, {
        name,
        listed: 1,
        added_at_ms: row?.added_at_ms || Math.floor(core.timeMs()),
        ...(handle === undefined ? {} : { handle }),
      });
      if (changed.handle === "") learnHandle(account);
      accept(account);
      return toContact(changed);
    },
    uri() {
      const self = core.identity.requireSelf();
      return `${core.ports.origin}/add#${VERSION_PREFIX}${toBase64Url(concat(accountIdToBytes(self.account), utf8(self.handle)))}`;
    },
    openUri(text) {
      const [place, secret] = text.trim().split("#");
      if (secret === undefined || !secret.startsWith(VERSION_PREFIX)) throw new OperationalError("CODE_MALFORMED");
      if (place !== `${core.ports.origin}/add`)
        throw new OperationalError(place?.endsWith("/add") === true ? "CODE_OTHER_ORIGIN" : "CODE_MALFORMED");
      const bytes = fromBase64Url(secret.slice(VERSION_PREFIX.length));
      const account = bytes === undefined ? undefined : parseAccountBytes(bytes.slice(0, 20));
      const handle = bytes === undefined ? undefined : fromUtf8(bytes.slice(20));
      if (account === undefined || handle === undefined || !HANDLE_PATTERN.test(handle)) throw new OperationalError("CODE_MALFORMED");
      return { account, handle };
    },
    rename(account, name) {
      checkName(name);
      require(account);
      change(account, { name });
    },
    async setBlocked(account, blocked) {
      refuseSelf(account);
      core.store.atomically(() => {
        contacts.put(account, { blocked: blocked ? 1 : 0 });
        state.share("block", account, encodeState(BlockStateSchema, create(BlockStateSchema, { blocked })));
        noteUntoldBlock(kv, account, blocked);
      });
      core.notify.changed("contacts");
      // Without a connection the device itself drops what comes; the server hears of it on the next one.
      await flushBlocks();
    },
    setVerified(account, verified) {
      require(account);
      change(account, { verified: verified ? 1 : 0, listed: 1 });
    },
    unverify(account) {
      if (contacts.find(account)?.listed === 1) change(account, { verified: 0 });
    },
    async safetyNumber(account) {
      refuseSelf(account);
      const own = await directory.ensure(core.identity.requireSelf().account);
      const theirs = await directory.ensure(account);
      const { digits } = safetyNumber(core.ports.primitives, own.accountKey, theirs.accountKey);
      return { digits, verified: contacts.find(account)?.verified === 1 };
    },
    accept,
    acceptedElsewhere,
    shareLost() {
      for (const { account } of contacts.list()) if (core.store.stateEntries.find("contact", account) === undefined) change(account, {});
    },
    learnHandle,
    flushBlocks,
    blockedElsewhere: () => tellLater(TELL_AFTER_MS),
    stop: () => cancelTelling?.(),
  };
}
