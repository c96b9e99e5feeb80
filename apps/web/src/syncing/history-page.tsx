/** How far history has come: the whole, a gap that is being filled, and each chat that still lacks its older messages. */
import type { ConversationSummary } from "@hawser/sdk";
import { Avatar, Button, Icon, SkeletonRows, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { GapNote, HistoryPicture } from "./history-picture.tsx";

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
  const isComing = history.kind === "running" && history.direction === "receiving";
  const receives = role === "companion" || isComing;
  return (
    <PageFrame title={t("history.title")} back="settings">
      <div className="card contact-card">
        <HistoryPicture />
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
                  <IncompleteChat key={chat.id} chat={chat} isComing={isComing} />
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

function IncompleteChat({ chat, isComing }: { readonly chat: ConversationSummary; readonly isComing: boolean }) {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [isAsked, setAsked] = useState(false);
  const ask = (): void => void action.run(() => client.requestHistory({ conversation: chat.id })).then(setAsked);
  return (
    <li className="row">
      <Avatar id={chat.id} name={chat.title} size={42} />
      <span className="row-words">
        <b dir="auto">{chat.title}</b>
        <small role="status">{action.error ?? t(isComing ? "chat.historyComing" : isAsked ? "history.asked" : "history.older")}</small>
      </span>
      {isComing || isAsked ? (
        <Icon name="clock" size={20} />
      ) : (
        <Button look="plain" busy={action.busy} aria-label={t("history.fetchFrom", { name: chat.title })} onClick={ask}>
          {t("history.fetch")}
        </Button>
      )}
    </li>
  );
}
