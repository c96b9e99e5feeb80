/** Where messages are kept, how much that is, and whether the browser has promised to keep them; where not, what can be done. */
import { Button, fileSize, Icon, useText, useToast } from "@hawser/ui";
import { useEffect, useState } from "react";
import { useClientState } from "../app/client-context.tsx";
import { useStorageFull } from "../app/storage-full.ts";

export function StorageCard() {
  const { t, locale } = useText();
  const toast = useToast();
  const { storage } = useClientState();
  const isFull = useStorageFull();
  const [usedBytes, setUsedBytes] = useState<number>();
  // A large quota is no promise: until the browser says so, it is not called kept.
  const [isKept, setKept] = useState(true);
  useEffect(() => {
    void navigator.storage?.estimate?.().then(
      ({ usage }) => setUsedBytes(usage),
      () => undefined,
    );
    void navigator.storage?.persisted?.().then(setKept, () => setKept(storage.durable));
  }, [storage.durable]);
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
          {usedBytes !== undefined && <small className="numeric">{t("storage.used", { used: fileSize(usedBytes, locale) })}</small>}
        </span>
        <Icon name={isKept ? "lock" : "warning"} size={20} />
      </div>
      {isFull && (
        <p className="note note-bad note-in-card">
          <Icon name="warning" size={20} />
          {t("storage.fullTitle")} {t("storage.fullText")}
        </p>
      )}
      {!isKept && (
        <p className="note note-warn note-in-card">
          <Icon name="warning" size={20} />
          {t(storage.kind === "memory" ? "storage.memory" : storage.durable ? "fact.storage.best-effort" : "storage.fragile")}
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
