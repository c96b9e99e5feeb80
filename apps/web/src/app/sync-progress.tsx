/** History on its way, as a line one can see: how far, and that chatting goes on meanwhile. A gap that nobody fills yet is said too. */
import { Icon, mediumDate, Progress, useText } from "@hawser/ui";
import { useClientState } from "./client-context.tsx";
import { useNow } from "./now.ts";
import { formatRoute } from "./router.ts";

/** A pause is only worth a word when it lasts. */
export const HISTORY_STALLED_AFTER_MS = 20_000;

export function SyncProgress() {
  const { t, locale } = useText();
  const { history, gapSinceMs } = useClientState();
  const now = useNow(5_000);
  if (history.kind !== "running") {
    if (gapSinceMs === undefined) return null;
    return (
      <a className="sync" href={formatRoute({ page: "history" })}>
        <span className="sync-line">
          <strong>{t("history.gapTitle")}</strong>
          <Icon name="chevron" size={16} flip />
        </span>
        <span>{t("history.gapAlone", { date: mediumDate(gapSinceMs, locale) })}</span>
      </a>
    );
  }
  const { messagesDone, messagesTotal, direction, stalledSinceMs, storageFull } = history;
  const isStalled = stalledSinceMs !== undefined && now - stalledSinceMs > HISTORY_STALLED_AFTER_MS;
  const title = direction === "receiving" ? t("history.receiving") : t("history.sending");
  return (
    <a className="sync" href={formatRoute({ page: "history" })}>
      <span className="sync-line">
        <strong>{title}</strong>
        {messagesTotal > 0 && <span className="numeric">{t("history.progress", { done: messagesDone, total: messagesTotal })}</span>}
      </span>
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
    </a>
  );
}
