/** What the search box finds: conversations by name are the list's job, here are messages, newest first, with the match marked. */
import type { ConversationId } from "@hawser/base";
import type { SearchHit } from "@hawser/sdk";
import { EmptyState, Highlight, listTime, SkeletonRows, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { useClient } from "../app/client-context.tsx";
import { useNow } from "../app/now.ts";
import { goChat } from "../app/router.ts";

const ASK_AFTER_MS = 120;
const PAGE_SIZE = 50;
const NEAR_END_PX = 600;

interface SearchProperties {
  readonly query: string;
  readonly conversation?: ConversationId;
  readonly onPick?: () => void;
  readonly className: string;
}

export function SearchResults({ query, conversation, onPick, className }: SearchProperties) {
  const { t, locale } = useText();
  const client = useClient();
  const now = useNow(60_000);
  const [found, setFound] = useState<{ query: string; hits: readonly SearchHit[]; isAll: boolean }>();

  const ask = async (beforeOrder?: number): Promise<readonly SearchHit[]> =>
    client.search({
      text: query,
      limit: PAGE_SIZE,
      ...(conversation === undefined ? {} : { conversation }),
      ...(beforeOrder === undefined ? {} : { beforeOrder }),
    });

  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(() => {
      ask().then(
        (hits) => !isOver && setFound({ query, hits, isAll: hits.length < PAGE_SIZE }),
        () => !isOver && setFound({ query, hits: [], isAll: true }),
      );
    }, ASK_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `ask` is made of exactly these
  }, [query, conversation, client]);

  const more = (): void => {
    const last = found?.hits.at(-1);
    if (found === undefined || found.isAll || last === undefined) return;
    setFound({ ...found, isAll: true });
    void ask(last.message.order).then(
      (hits) => {
        const known = new Set(found.hits.map((hit) => hit.message.id));
        const fresh = hits.filter((hit) => !known.has(hit.message.id));
        setFound((now) =>
          now?.query === query ? { query, hits: [...found.hits, ...fresh], isAll: hits.length < PAGE_SIZE || fresh.length === 0 } : now,
        );
      },
      () => undefined,
    );
  };

  if (found === undefined) return <SkeletonRows count={5} label={t("loading")} />;
  return (
    <div
      className={`${className} scroll`}
      role="region"
      aria-label={t("search.results")}
      onScroll={({ currentTarget: box }) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX && more()}
    >
      <p className="visually-hidden" role="status">
        {t("search.count", { count: found.hits.length })}
      </p>
      {found.hits.length === 0 ? (
        <EmptyState
          icon="search"
          title={t("search.none", { query: found.query.length > 40 ? `${found.query.slice(0, 40)}…` : found.query })}
        >
          {t("search.noneHint")}
        </EmptyState>
      ) : (
        found.hits.map((hit) => (
          <button
            key={hit.message.id}
            type="button"
            className="hit"
            onClick={() => {
              goChat(hit.message.conversation, hit.message.id);
              onPick?.();
            }}
          >
            <span className="chat-line">
              <span className="chat-title" dir="auto">
                {conversation === undefined ? hit.conversationTitle : hit.message.outgoing ? t("message.you") : hit.message.senderName}
              </span>
              <time className="chat-time numeric">{listTime(hit.message.sentAtMs, now, locale, t("day.yesterday"))}</time>
            </span>
            <span className="hit-text" dir="auto">
              <Highlight text={hit.snippet} ranges={hit.ranges} />
            </span>
          </button>
        ))
      )}
    </div>
  );
}
