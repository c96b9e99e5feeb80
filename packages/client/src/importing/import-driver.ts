/**
 * Chat exports → conversations. Messages carry ids made from their content, so importing the same or a longer export adds only what is
 * new. Each batch is one transaction; a file that ends badly leaves what was good. docs/IMPORT.md.
 */
import {
  type ChatImport,
  type DateOrder,
  fixedOffset,
  guessSelf,
  type ImportedMessage,
  type LocalDateTime,
  openImport,
} from "@hawser/chat-import";
import { accountOfConversation, assert, concat, type ConversationId, OperationalError, toHex, utf8 } from "@hawser/base";
import type { FileSource, HawserClient, ImportPreview } from "../api.ts";
import { MAX_MEDIA_BYTES_PER_IMPORT_FILE, MAX_OPEN_IMPORTS, ORDER_STEPS_PER_MS } from "../bounds.ts";
import type { Core } from "../core.ts";
import type { NewAttachment } from "../store/messages.ts";
import { pictureSize } from "./picture-size.ts";

type RunOptions = Parameters<HawserClient["runImport"]>[0];
type RunResult = Awaited<ReturnType<HawserClient["runImport"]>>;

export interface Imports {
  preview(file: FileSource): Promise<ImportPreview>;
  run(options: RunOptions): Promise<RunResult>;
  cancel(importId: string): void;
  /** On every connection: hands on what was imported without one, or by a process that did not get to it. */
  connected(): void;
}

const ORDERS = { dmy: "day-first", mdy: "month-first", ymd: "year-first" } as const satisfies Record<DateOrder, ImportPreview["dateOrder"]>;
const ORDERS_BACK = { "day-first": "dmy", "month-first": "mdy", "year-first": "ymd" } as const;
const CONVERSATION_LABEL = "hawser imported chat v1\0";

const UNSHARED = "unshared-imports";

interface Parts {
  readonly online: () => boolean;
  /** New messages of a conversation are there; other devices may want them. */
  readonly imported: (conversation: ConversationId) => void;
}

export function createImports(core: Core, { online, imported }: Parts): Imports {
  const open = new Map<string, { readonly chat: ChatImport; cancelled: boolean }>();
  const toUtcMs = core.ports.localTimeToUtcMs ?? fixedOffset(0);
  /** Chats with imported messages that the other own devices were not told of: an import may end with the program. */
  const unshared = (): readonly ConversationId[] => core.store.kv.getJson<readonly ConversationId[]>(UNSHARED) ?? [];
  const setUnshared = (ids: readonly ConversationId[]): void =>
    ids.length === 0 ? core.store.kv.delete(UNSHARED) : core.store.kv.setJson(UNSHARED, ids);
  const share = (): void => {
    // Without a connection nobody can say which devices there are: the own list here may be an old one.
    if (!online()) return;
    const ids = unshared();
    for (const id of ids) imported(id);
    if (ids.length > 0) setUnshared([]);
  };

  return {
    async preview(file) {
      const result = await openImport(file, { fileName: file.name, notAfterMs: core.timeMs() });
      if (!result.ok) throw new OperationalError("IMPORT_UNREADABLE", { message: result.error.kind });
      const importId = toHex(core.ports.random.bytes(16));
      open.set(importId, { chat: result.value, cancelled: false });
      if (open.size > MAX_OPEN_IMPORTS) open.delete(open.keys().next().value!);
      return previewOf(importId, result.value, toUtcMs);
    },
    async run(options) {
      const entry = open.get(options.importId);
      if (entry === undefined) throw new OperationalError("IMPORT_UNREADABLE", { message: "no such import" });
      core.identity.requirePhone();
      const { chat } = entry;
      const key = chatKey(chat, options.title);
      const id = options.intoConversation ?? importedConversation(core, key);
      const conversation = core.store.atomically(() => core.store.conversations.ensure(id, { title: options.title }));
      const tally = { imported: 0, alreadyThere: 0, done: 0 };
      const order = options.dateOrder === undefined ? {} : { dateOrder: ORDERS_BACK[options.dateOrder] };
      for await (const batch of chat.messages({ chatKey: key, sha256: (data) => core.ports.primitives.sha256(data), toUtcMs, ...order })) {
        if (entry.cancelled) break;
        if (!batch.ok) throw new OperationalError("IMPORT_UNREADABLE", { message: batch.error.kind });
        const media = await readMedia(core, chat, batch.value.messages);
        core.store.database.transaction(() => {
          for (const message of batch.value.messages)
            insert(core, conversation.row, id, message, options.self, media.get(message.indexInFile), tally);
          if (tally.imported > 0) setUnshared([...new Set([...unshared(), id])]);
          core.store.conversations.recount(conversation.row);
          core.store.conversations.raiseReadOrder(conversation.row, core.store.messages.lastOrder(conversation.row));
        });
        tally.done += batch.value.messages.length;
        core.notify.emit({ type: "import", importId: options.importId, done: tally.done, total: chat.survey.messageCount });
        core.notify.messagesChanged(id);
      }
      open.delete(options.importId);
      share();
      return { conversation: id, imported: tally.imported, alreadyThere: tally.alreadyThere };
    },
    connected: share,
    cancel(importId) {
      const entry = open.get(importId);
      if (entry !== undefined) entry.cancelled = true;
      open.delete(importId);
    },
  };
}

function previewOf(importId: string, chat: ChatImport, toUtcMs: (local: LocalDateTime) => number): ImportPreview {
  const { survey } = chat;
  const likely = guessSelf(survey)[0];
  return {
    importId,
    title: survey.title ?? survey.participants.map((participant) => participant.name).join(", "),
    participants: survey.participants.map((participant) => participant.name),
    selfGuess: likely !== undefined && likely.reasons.length > 0 ? likely.name : undefined,
    messageCount: survey.messageCount,
    firstAtMs: survey.first === undefined ? 0 : toUtcMs(survey.first),
    lastAtMs: survey.last === undefined ? 0 : toUtcMs(survey.last),
    mediaCount: survey.mediaCount,
    dateOrder: ORDERS[survey.dateOrder.order],
    dateOrderCertain: !survey.dateOrder.ambiguous,
  };
}

/** What stays the same in every export of one chat: the title WhatsApp gives the file. */
function chatKey(chat: ChatImport, title: string): string {
  return (chat.survey.title ?? title).normalize("NFC").toLowerCase();
}

function importedConversation(core: Core, key: string): ConversationId {
  return `i:${toHex(core.ports.primitives.sha256(utf8(`${CONVERSATION_LABEL}${key}`))).slice(0, 32)}` as ConversationId;
}

function insert(
  core: Core,
  row: number,
  conversation: ConversationId,
  message: ImportedMessage,
  self: string | undefined,
  media: NewAttachment | undefined,
  tally: { imported: number; alreadyThere: number },
): void {
  const outgoing = message.sender !== undefined && message.sender === self;
  const peer = accountOfConversation(conversation);
  const order = core.store.messages.insert({
    id: message.contentId,
    conversation: row,
    sentAtMs: message.sentAtMs,
    orderFrom: Math.max(1, Math.floor(message.sentAtMs)) * ORDER_STEPS_PER_MS,
    outgoing,
    senderAccount: outgoing || peer === undefined || message.sender === undefined ? undefined : peer,
    senderName: outgoing || peer !== undefined ? "" : (message.sender ?? ""),
    kind: message.kind === "system" || message.kind === "deleted" ? "system" : "text",
    status: outgoing ? "read" : "received",
    text: message.text,
    quoted: undefined,
    attachments: media === undefined ? [] : [media],
  });
  if (order === undefined) tally.alreadyThere++;
  else tally.imported++;
}

/** The media of one batch. What is missing, too large or damaged stays a line with a name and no bytes. */
async function readMedia(core: Core, chat: ChatImport, messages: readonly ImportedMessage[]): Promise<Map<number, NewAttachment>> {
  const media = new Map<number, NewAttachment>();
  for (const { attachment, indexInFile, contentId } of messages) {
    if (attachment === undefined || core.store.messages.has(contentId)) continue;
    const sizeBytes = chat.attachments.get(attachment.fileName)?.sizeBytes;
    const bytes =
      sizeBytes === undefined || sizeBytes > MAX_MEDIA_BYTES_PER_IMPORT_FILE ? undefined : await readWhole(chat, attachment.fileName);
    const size = bytes === undefined ? undefined : pictureSize(bytes);
    const localId = bytes === undefined ? undefined : `local:${toHex(core.ports.primitives.sha256(bytes))}`;
    if (bytes !== undefined && localId !== undefined) core.store.atomically(() => core.store.blobs.put(localId, bytes));
    media.set(indexInFile, {
      blob: undefined,
      key: undefined,
      sizeBytes: bytes?.length ?? sizeBytes ?? 0,
      mediaType: attachment.mediaType ?? "application/octet-stream",
      fileName: attachment.fileName,
      width: size?.width ?? 0,
      height: size?.height ?? 0,
      thumbnail: undefined,
      localId,
    });
  }
  return media;
}

async function readWhole(chat: ChatImport, fileName: string): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of chat.readAttachment(fileName)) {
    if (!part.ok) return undefined;
    sizeBytes += part.value.length;
    assert(sizeBytes <= 2 * MAX_MEDIA_BYTES_PER_IMPORT_FILE, "a zip entry grew past its size");
    parts.push(part.value);
  }
  return concat(...parts);
}
