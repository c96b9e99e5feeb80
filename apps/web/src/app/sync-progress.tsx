/** History on its way, as a line one can see: how far, and that chatting goes on meanwhile. */
import { Progress, useText } from "@hawser/ui";
import { useClientState } from "./client-context.tsx";
import { useNow } from "./now.ts";

/** A pause is only worth a word when it lasts. */
const STALLED_AFTER_MS = 20_000;

export function SyncProgress() {
  const { t } = useText();
  const { history } = useClientState();
  const now = useNow(5_000);
  if (history.kind !== "running") return null;
  const { messagesDone, messagesTotal, direction, stalledSinceMs, storageFull } = history;
  const isStalled = stalledSinceMs !== undefined && now - stalledSinceMs > STALLED_AFTER_MS;
  const title = direction === "receiving" ? t("history.receiving") : t("history.sending");
  return (
    <section className="sync" aria-label={title}>
      <div className="sync-line">
        <strong>{title}</strong>
        {messagesTotal > 0 && <span className="numeric">{t("history.progress", { done: messagesDone, total: messagesTotal })}</span>}
      </div>
      <Progress value={messagesTotal > 0 ? messagesDone / messagesTotal : undefined} label={title} />
      <span role={storageFull ? "alert" : undefined}>
        {storageFull
          ? t("history.storageFull")
          : isStalled
            ? t("history.stalled")
            : direction === "receiving"
              ? t("history.meanwhile")
              : t("history.keepOpen")}
      </span>
    </section>
  );
}
