/** How far history has come: the whole, a gap that is being filled, and each chat that still lacks its older messages. */
import type { ConversationSummary } from "@hawser/sdk";
import { Avatar, Button, Icon, SkeletonRows, useText } from "@hawser/ui";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { GapNote, HistoryPicture } from "./history-picture.tsx";
import { useOlderMessages } from "./older-messages.tsx";

interface Chats {
  readonly total: number;
  readonly incomplete: readonly ConversationSummary[];
}

export function HistoryPage() {
  const { t } = useText();
  const client = useClient();
  const action = useAction();
  const { role, history } = useClientState();
  const chats = useQuery<Chats>(
    "history of chats",
    async (from) => {
      const parts = await Promise.all([from.conversations({ archived: false }), from.conversations({ archived: true })]);
      const items = parts.flatMap((part) => part.items);
      return { total: items.length, incomplete: items.filter(({ historyComplete }) => !historyComplete) };
    },
    (event) => event.type === "conversations",
  ).value;
  const receives = role === "companion" || (history.kind === "running" && history.direction === "receiving");
  return (
    <PageFrame title={t("history.title")} back="settings">
      <div className="card contact-card">
        <HistoryPicture lacks={(chats?.incomplete.length ?? 0) > 0} />
      </div>
      <GapNote />
      {chats === undefined ? (
        <SkeletonRows count={3} label={t("loading")} />
      ) : (
        chats.total > 0 && (
          <>
            <h2 className="card-title">{t("history.chatsWhole", { done: chats.total - chats.incomplete.length, total: chats.total })}</h2>
            {chats.incomplete.length > 0 && (
              <ul className="card">
                {chats.incomplete.map((chat) => (
                  <IncompleteChat key={chat.id} chat={chat} />
                ))}
              </ul>
            )}
          </>
        )
      )}
      {receives && (
        <WaitingButton
          look="soft"
          icon="history"
          notBeforeMs={action.notBeforeMs}
          busy={action.busy}
          onClick={() => void action.run(() => client.requestHistory())}
        >
          {t("history.askAll")}
        </WaitingButton>
      )}
    </PageFrame>
  );
}

function IncompleteChat({ chat }: { readonly chat: ConversationSummary }) {
  const { t } = useText();
  const { words, canFetch, busy, fetch } = useOlderMessages(chat);
  return (
    <li className="row">
      <Avatar id={chat.id} name={chat.title} size={42} />
      <span className="row-words">
        <b dir="auto">{chat.title}</b>
        <small role="status">{words}</small>
      </span>
      {canFetch ? (
        <Button look="plain" busy={busy} aria-label={t("history.fetchFrom", { name: chat.title })} onClick={fetch}>
          {t("history.fetch")}
        </Button>
      ) : (
        <Icon name="clock" size={20} />
      )}
    </li>
  );
}
