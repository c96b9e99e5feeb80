/** One conversation: head, messages, what is found in it, and where one writes. */
import type { ConversationId, MessageId } from "@hawser/base";
import type { ConversationSummary, MessageView } from "@hawser/sdk";
import { Avatar, Button, EmptyState, Icon, IconButton, Menu, SkeletonRows, useText, useToast, type MenuItem } from "@hawser/ui";
import { useEffect, useMemo, useRef, useState, type DragEvent } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useQuery } from "../app/client-context.tsx";
import { useNow } from "../app/now.ts";
import { goPage } from "../app/router.ts";
import { ContactCard } from "../contacts/contact-card.tsx";
import { Composer } from "./composer.tsx";
import type { MessageActions } from "./message-bubble.tsx";
import { SearchBox } from "./search-box.tsx";
import { SearchResults } from "./search-results.tsx";
import { ThreadView, type JumpTarget } from "./thread-view.tsx";
import { useThread } from "./use-thread.ts";

/** "For ever", as far as a mute is concerned. */
const ALWAYS_MS = 8_640_000_000_000_000;

export function ChatView({ conversation, around }: { readonly conversation: ConversationId; readonly around: MessageId | undefined }) {
  const { t } = useText();
  const chat = useQuery(
    `chat ${conversation}`,
    async (client) => ({ found: await client.conversation(conversation) }),
    (event) =>
      event.type === "conversations" ||
      event.type === "contacts" ||
      (event.type === "message" && event.message.conversation === conversation),
  );
  if (chat.value === undefined) {
    return (
      <section className="chat">
        <header className="chat-head" aria-hidden="true" />
        <SkeletonRows count={6} label={t("loading")} />
      </section>
    );
  }
  if (chat.value.found === undefined) {
    return (
      <EmptyState
        icon="chats"
        title={t("chat.gone")}
        actions={
          <Button look="soft" onClick={() => goPage("chats")}>
            {t("action.back")}
          </Button>
        }
      />
    );
  }
  return <OpenChat key={conversation} chat={chat.value.found} around={around} />;
}

function OpenChat({ chat, around }: { readonly chat: ConversationSummary; readonly around: MessageId | undefined }) {
  const { t } = useText();
  const client = useClient();
  const toast = useToast();
  const action = useAction();
  const now = useNow(60_000);
  const thread = useThread(chat.id, around);
  const [target, setTarget] = useState<JumpTarget | undefined>(around && { id: around, jump: 0 });
  const [quoted, setQuoted] = useState<MessageView>();
  const [files, setFiles] = useState<readonly File[]>([]);
  const [isDropping, setDropping] = useState(false);
  const [finding, setFinding] = useState<string>();
  const [card, setCard] = useState<"person" | "lists">();
  const findBox = useRef<HTMLInputElement>(null);
  const jump = (id: MessageId | undefined): void => setTarget((before) => id && { id, jump: (before?.jump ?? 0) + 1 });
  // oxlint-disable-next-line react/set-state-in-effect -- follows the address
  useEffect(() => jump(around), [around]);

  // Where reading stopped when the chat was opened; it stays while the chat is open.
  const [unreadAtOpening] = useState(chat.unread);
  const [firstUnread, setFirstUnread] = useState<MessageId>();
  if (firstUnread === undefined && thread.window !== undefined && unreadAtOpening > 0) {
    const found = thread.window.messages.filter((message) => !message.outgoing).at(-unreadAtOpening)?.id;
    if (found !== undefined) setFirstUnread(found);
  }

  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") {
        event.preventDefault();
        setFinding((now) => now ?? "");
        requestAnimationFrame(() => findBox.current?.focus());
      } else if (event.key === "Escape" && document.querySelector("dialog[open]") === null && !event.defaultPrevented) goPage("chats");
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  const showAround = thread.showAround;
  const actions = useMemo<MessageActions>(
    () => ({
      reply: setQuoted,
      copy: (message) =>
        void navigator.clipboard.writeText(message.text).then(
          () => toast({ text: t("message.copied") }),
          () => undefined,
        ),
      retry: (message) => void action.run(() => client.retryMessage(message.id)),
      show: (id) =>
        void showAround(id).then(
          (found) => (found ? jump(id) : toast({ text: t("message.notHere") })),
          () => undefined,
        ),
    }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- bubbles are drawn anew when this changes; `action` only reports
    [client, showAround, t, toast],
  );

  const setArchived = (archived: boolean): void => {
    void action
      .run(() => client.setChatState(chat.id, { archived }))
      .then((worked) => {
        if (!worked) return;
        if (archived) goPage("chats");
        toast({
          text: archived ? t("chat.archived") : t("chat.unarchived"),
          action: { label: t("action.undo"), run: () => void client.setChatState(chat.id, { archived: !archived }) },
        });
      });
  };
  const isMuted = chat.mutedUntilMs > now;
  const menu: MenuItem[] = [
    { id: "find", icon: "search", label: t("chat.find"), onSelect: () => setFinding("") },
    {
      id: "pin",
      icon: "pin",
      label: chat.pinned ? t("chat.unpin") : t("chat.pin"),
      onSelect: () => void action.run(() => client.setChatState(chat.id, { pinned: !chat.pinned })),
    },
    {
      id: "mute",
      icon: isMuted ? "bell" : "mute",
      label: isMuted ? t("chat.unmute") : t("chat.mute"),
      onSelect: () => void action.run(() => client.setChatState(chat.id, { mutedUntilMs: isMuted ? 0 : ALWAYS_MS })),
    },
    {
      id: "archive",
      icon: "archive",
      label: chat.archived ? t("chat.unarchive") : t("chat.archive"),
      onSelect: () => setArchived(!chat.archived),
    },
  ];
  if (!chat.historyComplete && !chat.historyAsked)
    menu.push({
      id: "history",
      icon: "history",
      label: t("chat.askHistory"),
      onSelect: () => void action.run(() => client.requestHistory({ conversation: chat.id })),
    });
  if (chat.contact !== undefined)
    menu.push({ id: "contact", icon: "shield", label: t("contact.details"), onSelect: () => setCard("person") });

  const canWrite = chat.contact !== undefined && !chat.contact.blocked;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes("Files");
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- files can also be picked by a button
    <section
      className="chat"
      aria-label={chat.title}
      onDragOver={(event) => {
        if (!hasFiles(event) || !canWrite) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false);
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setDropping(false);
        if (canWrite) setFiles([...files, ...event.dataTransfer.files]);
      }}
    >
      <header className="chat-head">
        <IconButton icon="back" flip className="chat-back" label={t("action.back")} onClick={() => goPage("chats")} />
        <button type="button" className="chat-head-person" disabled={chat.contact === undefined} onClick={() => setCard("person")}>
          <Avatar id={chat.id} name={chat.title} size={42} />
          <span className="chat-head-words">
            <strong dir="auto">{chat.title}</strong>
            <small dir="auto">{subtitle(chat, t)}</small>
          </span>
        </button>
        <IconButton
          icon="search"
          label={t("chat.find")}
          onClick={() => setFinding((now) => (now === undefined ? "" : undefined))}
          aria-pressed={finding !== undefined}
        />
        <Menu label={t("chat.menu")} items={menu} />
      </header>
      {finding !== undefined && (
        <div className="find-bar">
          <SearchBox ref={findBox} value={finding} onChange={setFinding} label={t("chat.find")} onLeave={() => setFinding(undefined)} />
          <Button look="plain" onClick={() => setFinding(undefined)}>
            {t("action.done")}
          </Button>
        </div>
      )}
      <div style={{ position: "relative", flex: 1, minBlockSize: 0, display: "flex", flexDirection: "column" }}>
        {finding !== undefined && finding.trim() !== "" && (
          <SearchResults className="find-hits" query={finding.trim()} conversation={chat.id} onPick={() => setFinding(undefined)} />
        )}
        {thread.window === undefined ? (
          <ThreadSkeleton label={t("loading")} />
        ) : (
          <ThreadView key={thread.part} chat={chat} thread={thread} target={target} firstUnread={firstUnread} actions={actions} />
        )}
      </div>
      {chat.contact?.listConflict === true && (
        <p className="note note-warn" role="status">
          <Icon name="warning" size={19} />
          <span>
            {t("contact.listConflictText")}{" "}
            <Button look="plain" onClick={() => setCard("lists")}>
              {t("fork.compare")}
            </Button>
          </span>
        </p>
      )}
      {isDropping && <div className="drop">{t("composer.drop")}</div>}
      {chat.contact === undefined ? (
        <p className="read-only">{t("chat.readOnly")}</p>
      ) : chat.contact.blocked ? (
        <div className="request">
          {t("chat.blocked", { name: chat.title })}
          <div>
            <Button look="soft" onClick={() => void action.run(() => client.setBlocked(chat.contact!.account, false))}>
              {t("contact.unblock")}
            </Button>
          </div>
        </div>
      ) : chat.isRequest ? (
        <div className="request">
          {t("chat.requestText", { name: chat.title })}
          <div>
            <Button look="danger-soft" onClick={() => void action.run(() => client.setBlocked(chat.contact!.account, true))}>
              {t("contact.block")}
            </Button>
            <Button onClick={() => void action.run(() => client.acceptRequest(chat.id))}>{t("chat.accept")}</Button>
          </div>
        </div>
      ) : (
        <Composer
          key={chat.id}
          chat={chat}
          quoted={quoted}
          onQuoteDone={() => setQuoted(undefined)}
          files={files}
          onFiles={setFiles}
          onSent={() => thread.window?.hasNewer && void thread.showEnd()}
        />
      )}
      {card !== undefined && chat.contact !== undefined && (
        <ContactCard contact={chat.contact} compares={card === "lists"} onClose={() => setCard(undefined)} />
      )}
    </section>
  );
}

function subtitle(chat: ConversationSummary, t: ReturnType<typeof useText>["t"]): string {
  if (chat.contact === undefined) return t("chat.imported");
  if (chat.contact.listConflict) return t("contact.listConflict");
  const handle = chat.contact.handle === undefined ? "" : `@${chat.contact.handle}`;
  if (chat.contact.verified) return handle === "" ? t("contact.verified") : `${handle} · ${t("contact.verified")}`;
  return handle === "" ? t("chat.encrypted") : handle;
}

function ThreadSkeleton({ label }: { readonly label: string }) {
  return (
    <div className="thread" role="status" aria-label={label}>
      <div
        style={{ position: "absolute", insetBlockEnd: 14, insetInline: 0, display: "grid", gap: 10 }}
        className="thread-item"
        aria-hidden="true"
      >
        {[46, 30, 54, 38, 26, 60].map((percent, index) => (
          <span
            key={percent}
            className="skeleton"
            style={{ inlineSize: `${percent}%`, blockSize: 40, borderRadius: 18, justifySelf: index % 3 === 1 ? "end" : "start" }}
          />
        ))}
      </div>
    </div>
  );
}
