/**
 * Right after linking: the first chats are seconds away. Shows what happens, opens by itself as soon as there is something to
 * see, and lets the person in without history at any time.
 */
import { Button, Icon, Progress, useText } from "@hawser/ui";
import { useEffect, useState, type ReactNode } from "react";
import { useClientState, useQuery } from "./client-context.tsx";

/** Within 15 s of the confirmation on the phone, connecting included, nobody waits any longer. */
const OPEN_AT_LATEST_MS = 14_000;

export function FirstHistory({ waits, children }: { readonly waits: boolean; readonly children: ReactNode }) {
  const { t } = useText();
  const { history } = useClientState();
  const [isOpen, setOpen] = useState(!waits);
  const chats = useQuery(
    "first chats",
    (client) => client.conversations({ limit: 1 }),
    (event) => event.type === "conversations",
  );
  const isReady = (chats.value?.total ?? 0) > 0 || history.kind === "complete";
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- once open it stays open, whatever comes
    if (isReady) setOpen(true);
    if (isOpen) return undefined;
    const timer = setTimeout(() => setOpen(true), OPEN_AT_LATEST_MS);
    return () => clearTimeout(timer);
  }, [isReady, isOpen]);
  if (isOpen) return children;
  return (
    <main className="full-screen">
      <section className="full-card" role="status">
        <span className="badge-round badge-round-good">
          <Icon name="check" size={38} />
        </span>
        <h1>{t("companion.linked")}</h1>
        <p>{t("companion.firstHistory")}</p>
        <div style={{ inlineSize: "100%", color: "var(--sea)" }}>
          <Progress
            value={history.kind === "running" && history.messagesTotal > 0 ? history.messagesDone / history.messagesTotal : undefined}
            label={t("history.receiving")}
          />
        </div>
        <p className="numeric first-count">
          {history.kind === "running" &&
            history.messagesTotal > 0 &&
            t("history.progress", { done: history.messagesDone, total: history.messagesTotal })}
        </p>
        <Button look="soft" onClick={() => setOpen(true)}>
          {t("companion.openNow")}
        </Button>
      </section>
    </main>
  );
}
