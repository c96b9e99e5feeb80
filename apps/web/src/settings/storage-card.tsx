/** Where messages are kept, how much room there is, and whether the browser has promised to keep them; where not, what can be done. */
import { Button, fileSize, Icon, useText, useToast } from "@hawser/ui";
import { useState } from "react";
import { useClientState } from "../app/client-context.tsx";
import { type StorageRoom, useStorageRoom } from "../app/storage-room.ts";

const share = ({ usedBytes, totalBytes }: StorageRoom): number => Math.min(1, usedBytes / totalBytes);

export function StorageCard() {
  const { t, locale } = useText();
  const toast = useToast();
  const { storage } = useClientState();
  const room = useStorageRoom();
  const [isKept, setKept] = useState(storage.durable);
  const canAsk = !isKept && storage.kind !== "memory";
  const ask = async (): Promise<void> => {
    const granted = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
    setKept(granted);
    toast({ text: t(granted ? "storage.kept" : "storage.notKept") });
  };
  return (
    <div className="card">
      <div className="setting-row">
        <span className="setting-words">
          <span>{t(`storage.kind.${storage.kind}`)}</span>
          {room !== undefined && (
            <small className="numeric">
              {t("storage.used", { used: fileSize(room.usedBytes, locale), total: fileSize(room.totalBytes, locale) })}
            </small>
          )}
        </span>
        <Icon name={isKept ? "lock" : "warning"} size={20} />
      </div>
      {room !== undefined && (
        <div className="storage-bar">
          <div
            className="progress"
            role="meter"
            aria-label={t("storage.room")}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(share(room) * 100)}
          >
            <span style={{ transform: `scaleX(${share(room)})` }} />
          </div>
        </div>
      )}
      {room?.isScarce === true && (
        <p className="note note-bad note-in-card">
          <Icon name="warning" size={20} />
          {t("storage.fullTitle")} {t("storage.fullText")}
        </p>
      )}
      {!isKept && (
        <p className="note note-warn note-in-card">
          <Icon name="warning" size={20} />
          {t(storage.kind === "memory" ? "storage.memory" : "storage.fragile")}
        </p>
      )}
      {canAsk && (
        <div className="actions card-actions">
          <Button look="soft" icon="lock" onClick={() => void ask()}>
            {t("storage.keep")}
          </Button>
        </div>
      )}
    </div>
  );
}
