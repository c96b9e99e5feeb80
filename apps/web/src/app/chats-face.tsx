/** Conversations and the open one, side by side where there is room; the same in both faces. */
import type { ConversationId, MessageId } from "@hawser/base";
import { Button, EmptyState, Icon, IconButton, Menu, SkeletonRows, useText, type MenuItem } from "@hawser/ui";
import { Suspense, useCallback, useRef, useState, type ReactNode } from "react";
import { ChatList } from "../chats/chat-list.tsx";
import { ChatView } from "../chats/chat-view.tsx";
import { SearchBox } from "../chats/search-box.tsx";
import { SearchResults } from "../chats/search-results.tsx";
import { NewChat } from "../contacts/new-chat.tsx";
import { goPage, type Route } from "./router.ts";
import { Shortcuts } from "./shortcuts.tsx";
import { OfferReminder } from "./resume-reminder.tsx";
import { SyncProgress } from "./sync-progress.tsx";

interface ChatsFaceProperties {
  readonly route: Route;
  /** Shown in the wide pane instead of a conversation. */
  readonly page: ReactNode;
  readonly menu: readonly MenuItem[];
  readonly firstSteps: ReactNode;
}

export function ChatsFace({ route, page, menu, firstSteps }: ChatsFaceProperties) {
  const { t } = useText();
  const [query, setQuery] = useState("");
  const [archived, setArchived] = useState(false);
  const [isStarting, setStarting] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const current = route.page === "chat" ? route.conversation : undefined;
  const focusSearch = useCallback(() => {
    const isHidden = getComputedStyle(box.current?.closest(".side") ?? document.body).display === "none";
    // At once where it is in sight: whoever types fast loses no letter.
    if (!isHidden) return box.current?.focus();
    goPage("chats");
    requestAnimationFrame(() => box.current?.focus());
  }, []);
  const archiveItem: MenuItem = { id: "archive", icon: "archive", label: t("chats.archive"), onSelect: () => setArchived(true) };
  return (
    <main className={route.page === "chats" ? "panes" : "panes panes-open"}>
      <div className="side">
        <header className="side-head">
          <h1>{t("chats.title")}</h1>
          <IconButton icon="plus" label={t("newChat.title")} onClick={() => setStarting(true)} />
          <Menu label={t("menu.title")} items={[...menu, archiveItem]} />
        </header>
        <SearchBox
          ref={box}
          value={query}
          onChange={setQuery}
          label={t("search.label")}
          keys={/Mac/.test(navigator.platform) ? "⌘ K" : "Ctrl K"}
        />
        {query.trim() === "" ? (
          <ChatList
            current={current}
            archived={archived}
            onShowArchive={setArchived}
            empty={
              firstSteps ?? (
                <EmptyState
                  icon="chats"
                  title={t("chats.none")}
                  actions={
                    <Button icon="plus" onClick={() => setStarting(true)}>
                      {t("newChat.title")}
                    </Button>
                  }
                >
                  {t("chats.noneText")}
                </EmptyState>
              )
            }
          />
        ) : (
          <SearchResults className="chat-list" query={query.trim()} />
        )}
        <SyncProgress />
        <OfferReminder />
      </div>
      <div className="main">
        {route.page === "chat" ? (
          <ChatView conversation={route.conversation as ConversationId} around={route.around as MessageId | undefined} />
        ) : page !== undefined ? (
          <Suspense fallback={<SkeletonRows count={4} label={t("loading")} />}>{page}</Suspense>
        ) : (
          <div className="empty">
            <img src="/icon.svg" alt="" width={88} height={88} style={{ opacity: 0.9, borderRadius: 22 }} />
            <h2>{t("chats.pick")}</h2>
            <p>{t("chats.pickText")}</p>
            <p className="handle-state">
              <Icon name="lock" size={15} />
              {t("app.promise")}
            </p>
          </div>
        )}
      </div>
      {isStarting && <NewChat onClose={() => setStarting(false)} />}
      <Shortcuts onSearch={focusSearch} />
    </main>
  );
}
