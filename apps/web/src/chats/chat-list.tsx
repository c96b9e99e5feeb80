/** The list of conversations. Rows are made only for what is in view; arrows move from row to row. */
import { Button, EmptyState, Icon, SkeletonRows, useText } from "@hawser/ui";
import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { VList, type VListHandle } from "virtua";
import { useNow } from "../app/now.ts";
import { ChatRow } from "./chat-row.tsx";
import { useConversations } from "./use-conversations.ts";

const ROW_HEIGHT_PX = 72;
/** Made at once, before the list has measured the room it has. */
const FIRST_ROWS = 12;

interface ChatListProperties {
  readonly current: string | undefined;
  readonly archived: boolean;
  readonly onShowArchive: (archived: boolean) => void;
  readonly empty: ReactNode;
}

export function ChatList({ current, archived, onShowArchive, empty }: ChatListProperties) {
  const { t } = useText();
  const list = useConversations(archived);
  const handle = useRef<VListHandle>(null);
  const root = useRef<HTMLElement>(null);
  const now = useNow(30_000);

  const move = (event: KeyboardEvent): void => {
    const here = Number((event.target as HTMLElement).closest<HTMLElement>("[data-row]")?.dataset["row"] ?? -1);
    const target = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: (list.total ?? 0) - 1 }[event.key];
    if (here < 0 || target === undefined || target < 0 || target >= (list.total ?? 0)) return;
    event.preventDefault();
    handle.current?.scrollToIndex(target, { align: "nearest" });
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>(`[data-row="${target}"]`)?.focus());
  };
  const ask = (): void => {
    const view = handle.current;
    if (view === null) return;
    const first = Math.floor(view.scrollOffset / ROW_HEIGHT_PX);
    list.need(Math.max(0, first - 20), first + Math.ceil(view.viewportSize / ROW_HEIGHT_PX) + 20);
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrow keys between the links inside
    <nav className="chat-list" aria-label={archived ? t("chats.archive") : t("chats.title")} ref={root} onKeyDown={move}>
      {archived && (
        <button type="button" className="archive-row" onClick={() => onShowArchive(false)}>
          <Icon name="back" size={18} flip />
          {t("chats.archive")}
        </button>
      )}
      {list.total === undefined ? (
        <SkeletonRows count={9} label={t("loading")} />
      ) : list.total === 0 ? (
        archived ? (
          <EmptyState
            icon="archive"
            title={t("chats.archiveEmpty")}
            actions={
              <Button look="soft" onClick={() => onShowArchive(false)}>
                {t("action.back")}
              </Button>
            }
          />
        ) : (
          empty
        )
      ) : (
        <VList
          ref={handle}
          data={Array.from({ length: list.total })}
          itemSize={ROW_HEIGHT_PX}
          ssrCount={FIRST_ROWS}
          onScroll={ask}
          className="scroll"
        >
          {(_, index) => {
            const chat = list.at(index);
            return chat === undefined ? (
              <div key={index} className="skeleton-row" aria-hidden="true">
                <span className="skeleton skeleton-round" />
                <span className="skeleton-lines">
                  <span className="skeleton" style={{ inlineSize: "45%" }} />
                  <span className="skeleton" style={{ inlineSize: "75%" }} />
                </span>
              </div>
            ) : (
              <ChatRow key={chat.id} chat={chat} index={index} isCurrent={chat.id === current} nowMs={now} />
            );
          }}
        </VList>
      )}
    </nav>
  );
}
