/** What shared state means: a winning entry goes into the tables and values that screens read. Applying one twice changes nothing. */
import { fromBinary, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import {
  type AccountId,
  conversationWith,
  type ConversationId,
  MESSAGE_ID_SIZE_BYTES,
  messageIdFromBytes,
  parseAccountId,
} from "@hawser/base";
import {
  BlockStateSchema,
  ChatStateSchema,
  ContactStateSchema,
  ProfileSchema,
  ReadStateSchema,
  type SettingsState,
  SettingsStateSchema,
} from "@hawser/wire";
import type { Settings } from "../api.ts";
import { ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import { DORMANT_AFTER_MONTHS } from "../devices/dormancy.ts";
import { noteUntoldBlock, untoldBlocks } from "../contacts/untold-blocks.ts";
import type { StateEntry } from "../store/state-entries.ts";

/** Brings a winning entry into the tables that screens read. */
export function applyState(core: Core, entry: StateEntry): void {
  const { store } = core;
  const account = parseAccountId(entry.key);
  switch (entry.collection) {
    case "contact": {
      const value = read(ContactStateSchema, entry.value);
      if (account === undefined || value === undefined) return;
      const listed = entry.value.length > 0 ? 1 : 0;
      store.contacts.put(account, {
        name: value.name,
        handle: value.handle,
        verified: value.verified ? 1 : 0,
        added_at_ms: Number(value.addedAtMs),
        listed,
        ...(value.profileName === "" ? {} : { profile_name: value.profileName }),
      });
      acceptConversation(core, account, listed === 1);
      return core.notify.changed("contacts");
    }
    case "block": {
      const value = read(BlockStateSchema, entry.value);
      if (account === undefined || value === undefined) return;
      if ((store.contacts.find(account)?.blocked === 1) !== value.blocked || untoldBlocks(store.kv)[account] !== undefined)
        noteUntoldBlock(store.kv, account, value.blocked);
      store.contacts.put(account, { blocked: value.blocked ? 1 : 0 });
      return core.notify.changed("contacts");
    }
    case "chat": {
      const value = read(ChatStateSchema, entry.value);
      const conversation = conversationRow(core, entry.key);
      if (value === undefined || conversation === undefined) return;
      store.conversations.update(conversation.row, {
        pinned: value.pinned ? 1 : 0,
        archived: value.archived ? 1 : 0,
        muted_until_ms: Number(value.mutedUntilMs),
      });
      return core.notify.changed("conversations");
    }
    case "read": {
      const value = read(ReadStateSchema, entry.value);
      const conversation = conversationRow(core, entry.key);
      // What is read is said by ids beside it.
      if (value === undefined || value.byIds || conversation === undefined) return;
      const marked = value.messageId.length === MESSAGE_ID_SIZE_BYTES ? store.messages.row(messageIdFromBytes(value.messageId)) : undefined;
      const there = Number(value.upToSentAtMs) * ORDER_STEPS_PER_MS;
      // Where the message stands here, which may be later. Others of its millisecond may be newer: only without it they count as read.
      const order = marked?.conversation === conversation.row ? Math.max(marked.order, there) : there + ORDER_STEPS_PER_MS - 1;
      store.conversations.readUpTo(conversation.row, order);
      return core.notify.changed("conversations");
    }
    case "settings": {
      const value = read(SettingsStateSchema, entry.value);
      if (value !== undefined) core.identity.setSettings(fromWireSettings(value));
      return core.notify.changed("state");
    }
    case "profile": {
      const value = read(ProfileSchema, entry.value);
      const self = core.identity.self();
      if (value !== undefined && self !== undefined) core.identity.setSelf({ ...self, displayName: value.displayName });
      return core.notify.changed("state");
    }
    default: // a newer device's collection: kept, not understood
  }
}

/** Chats are named before their messages arrive: flags must not be lost. */
function conversationRow(core: Core, key: string) {
  return /^[agi]:[a-z0-9]{1,64}$/.test(key) ? core.store.conversations.ensure(key as ConversationId) : undefined;
}

export function acceptConversation(core: Core, account: AccountId, accepted: boolean): void {
  const conversation = core.store.conversations.find(conversationWith(account));
  if (conversation === undefined || !accepted || conversation.accepted === 1) return;
  core.store.conversations.update(conversation.row, { accepted: 1 });
  core.notify.changed("conversations");
}

function read<T extends Message>(schema: GenMessage<T>, bytes: Uint8Array): T | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

function fromWireSettings(value: SettingsState): Settings {
  const theme = value.theme === "light" || value.theme === "dark" ? value.theme : "system";
  const language = value.language === "" ? undefined : value.language;
  const dormantAfterMonths = DORMANT_AFTER_MONTHS.find((months) => months === value.dormantAfterMonths) ?? 0;
  return { readReceipts: value.readReceipts, language, theme, reportOutcomes: !value.noOutcomeReports, dormantAfterMonths };
}
