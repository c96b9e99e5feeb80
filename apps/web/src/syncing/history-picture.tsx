/** One picture of history on its way: what came of how much, and whether it goes on. And of a gap: since when, and who fills it. */
import { Icon, mediumDate, Progress, useText } from "@hawser/ui";
import { useClientState } from "../app/client-context.tsx";
import { useNow } from "../app/now.ts";
import { HISTORY_STALLED_AFTER_MS } from "../app/sync-progress.tsx";

/** `lacks`: some chat's older messages have not come, nor are they on their way. */
export function HistoryPicture({ lacks }: { readonly lacks: boolean }) {
  const { t, locale } = useText();
  const { history } = useClientState();
  const now = useNow(5_000);
  if (history.kind !== "running") {
    const isWhole = history.kind === "complete" && !lacks;
    return (
      <>
        <span className={isWhole ? "badge-round badge-round-good" : "badge-round"}>
          <Icon name={isWhole ? "check" : "history"} size={34} />
        </span>
        <h2>{t(isWhole ? "history.whole" : lacks ? "history.older" : "history.none")}</h2>
        {history.kind === "complete" && (
          <p className="soft">{t("history.wholeText", { count: history.messagesTotal, date: mediumDate(history.finishedAtMs, locale) })}</p>
        )}
      </>
    );
  }
  const { messagesDone, messagesTotal, direction, stalledSinceMs, storageFull } = history;
  const title = t(direction === "receiving" ? "history.receiving" : "history.sending");
  const isStalled = stalledSinceMs !== undefined && now - stalledSinceMs > HISTORY_STALLED_AFTER_MS;
  return (
    <>
      <h2>{title}</h2>
      <div className="history-bar">
        <Progress value={messagesTotal > 0 ? messagesDone / messagesTotal : undefined} label={title} />
      </div>
      {messagesTotal > 0 && <p className="numeric">{t("history.progress", { done: messagesDone, total: messagesTotal })}</p>}
      <p className={storageFull ? "note note-bad" : "soft"} role={storageFull ? "alert" : undefined}>
        {t(
          storageFull
            ? "history.storageFull"
            : isStalled
              ? "history.stalled"
              : direction === "receiving"
                ? "history.meanwhile"
                : "history.keepOpen",
        )}
      </p>
    </>
  );
}

export function GapNote() {
  const { t, locale } = useText();
  const { gapSinceMs, history } = useClientState();
  if (gapSinceMs === undefined) return null;
  const isFilling = history.kind === "running" && history.direction === "receiving";
  return (
    <p className="note note-warn" role="status">
      <Icon name="history" size={20} />
      {t(isFilling ? "history.gap" : "history.gapAlone", { date: mediumDate(gapSinceMs, locale) })}
    </p>
  );
}
