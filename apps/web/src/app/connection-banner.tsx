/** One line about the connection while something is wrong: the cause, and when it is tried again. Says nothing about short hiccups. */
import { Banner, Button, useText } from "@hawser/ui";
import { noticeWords } from "@hawser/ui/notice-words";
import { useEffect, useState } from "react";
import { useClient, useClientState } from "./client-context.tsx";
import { ClockBanner } from "./clock-banner.tsx";
import { errorText } from "./error-text.ts";
import { useNow } from "./now.ts";
import { goPage } from "./router.ts";
import { useStorageFull } from "./storage-full.ts";

/** Shorter interruptions heal before anyone has read about them. */
const SAY_AFTER_MS = 1_500;

export function ConnectionBanner() {
  const text = useText();
  const client = useClient();
  const { role, connection, storage, outboxCount, listConflict, notice } = useClientState();
  // A try under way after one that failed is the same trouble, not its end.
  const isDown = connection.kind === "offline" || (connection.kind === "connecting" && connection.attempt > 1);
  const transport = connection.kind === "online" ? connection.transport : "";
  useEffect(() => {
    // For whoever helps from a distance: a look at the page's source says what carries.
    document.documentElement.dataset["transport"] = transport;
  }, [transport]);
  const isFull = useStorageFull();
  const [isLong, setLong] = useState(false);
  const now = useNow(1_000);
  useEffect(() => {
    if (!isDown) {
      // oxlint-disable-next-line react/set-state-in-effect -- follows a clock, not a render
      setLong(false);
      return undefined;
    }
    const timer = setTimeout(() => setLong(true), SAY_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isDown]);

  if (connection.kind === "update-needed") {
    return (
      <Banner
        tone="warn"
        icon="download"
        action={
          <Button look="plain" onClick={() => location.reload()}>
            {text.t("update.now")}
          </Button>
        }
      >
        <strong>{text.t("update.needed")}</strong> {errorText(text, connection.error)}
      </Banner>
    );
  }
  if (listConflict) {
    return (
      <Banner tone="warn" icon="warning">
        {text.t("account.listConflict")}
      </Banner>
    );
  }
  if (isDown && isLong) {
    const seconds = connection.kind === "offline" ? Math.max(0, Math.ceil((connection.retryAtMs - now) / 1_000)) : 0;
    return (
      <Banner tone="warn" icon="offline" action={<WhatIsWrong />}>
        <strong>{navigator.onLine ? text.t("connection.offline") : text.t("connection.noNetwork")}</strong>{" "}
        {navigator.onLine && connection.kind === "offline" && errorText(text, connection.error)}{" "}
        {seconds > 0 ? text.t("connection.retryIn", { seconds }) : text.t("connection.retrying")}{" "}
        {outboxCount > 0 && text.t("connection.outbox", { count: outboxCount })}
      </Banner>
    );
  }
  if (notice !== undefined) {
    return (
      <Banner
        tone="warn"
        icon="warning"
        action={
          <Button look="plain" onClick={() => void client.dismissNotice()}>
            {text.t("notice.read")}
          </Button>
        }
      >
        {text.t(noticeWords(notice, role === "phone"))}
      </Banner>
    );
  }
  if (isFull) {
    return (
      <Banner tone="bad" icon="warning" action={<WhatIsWrong />}>
        <strong>{text.t("storage.fullTitle")}</strong> {text.t("storage.fullText")}
      </Banner>
    );
  }
  if (!storage.durable) {
    return (
      <Banner tone="warn" icon="warning" action={<WhatIsWrong />}>
        <strong>{text.t("storage.title")}</strong> {storage.kind === "memory" ? text.t("storage.memory") : text.t("storage.fragile")}
      </Banner>
    );
  }
  return <ClockBanner />;
}

function WhatIsWrong() {
  const { t } = useText();
  return (
    <Button look="plain" onClick={() => goPage("diagnosis")}>
      {t("diagnosis.open")}
    </Button>
  );
}
