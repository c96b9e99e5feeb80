/** A chat whose older messages have not come: says where they are, and fetches them. */
import type { ConversationSummary } from "@hawser/sdk";
import { Button, useText } from "@hawser/ui";
import { useAction } from "../app/action.ts";
import { useClient, useClientState } from "../app/client-context.tsx";
import { useNow } from "../app/now.ts";
import { HISTORY_STALLED_AFTER_MS } from "../app/sync-progress.tsx";

export interface OlderMessages {
  readonly words: string;
  /** Nobody has been asked yet. */
  readonly canFetch: boolean;
  readonly busy: boolean;
  readonly fetch: () => void;
}

export function useOlderMessages({ id, historyAsked }: ConversationSummary): OlderMessages {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const now = useNow(5_000);
  const { history } = useClientState();
  const coming = history.kind === "running" && history.direction === "receiving" ? history : undefined;
  const isForAll = coming !== undefined && coming.conversation === undefined;
  const isStalled = coming?.stalledSinceMs !== undefined && now - coming.stalledSinceMs > HISTORY_STALLED_AFTER_MS;
  const progress = (): string =>
    coming !== undefined && coming.messagesTotal > 0
      ? ` ${t("history.progress", { done: coming.messagesDone, total: coming.messagesTotal })}`
      : "";
  const moves = coming !== undefined && !isStalled && (isForAll || (coming.conversation === id && coming.messagesTotal > 0));
  const words = moves
    ? t("chat.historyComing") + progress()
    : historyAsked
      ? t("history.asked")
      : t(isForAll ? "history.stalled" : "history.older");
  return {
    words: action.error ?? words,
    canFetch: !isForAll && !historyAsked,
    busy: action.busy,
    fetch: () => void action.run(() => client.requestHistory({ conversation: id })),
  };
}

/** At the beginning of the chat itself. */
export function OlderMessages({ chat }: { readonly chat: ConversationSummary }) {
  const { t } = useText();
  const { words, canFetch, busy, fetch } = useOlderMessages(chat);
  return (
    <>
      <span role="status">{words}</span>
      {canFetch && (
        <Button look="soft" icon="history" busy={busy} onClick={fetch}>
          {t("history.fetch")}
        </Button>
      )}
    </>
  );
}
