/** At the beginning of a chat whose older messages have not come: says where they are, and fetches them. */
import type { ConversationId } from "@hawser/base";
import { Button, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState } from "../app/client-context.tsx";

export function OlderMessages({ conversation }: { readonly conversation: ConversationId }) {
  const { t } = useText();
  const client = useClient();
  const action = useAction();
  const { history } = useClientState();
  const [isAsked, setAsked] = useState(false);
  const isComing = history.kind === "running" && history.direction === "receiving";
  return (
    <>
      <span role="status">
        {isComing
          ? `${t("chat.historyComing")} ${history.messagesTotal > 0 ? t("history.progress", { done: history.messagesDone, total: history.messagesTotal }) : ""}`
          : t(isAsked ? "history.asked" : "history.older")}
      </span>
      {!isComing && !isAsked && (
        <Button
          look="plain"
          icon="history"
          busy={action.busy}
          onClick={() => void action.run(() => client.requestHistory({ conversation })).then(setAsked)}
        >
          {t("history.fetch")}
        </Button>
      )}
    </>
  );
}
