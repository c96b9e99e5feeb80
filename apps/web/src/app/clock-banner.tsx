/** A clock that is plainly wrong is told, quietly: nothing else happens because of it. Read once, it is not said again on this page. */
import { CLOCK_TOLERANCE_MS } from "@hawser/diagnosis";
import { Banner, Button, useText } from "@hawser/ui";
import { useState } from "react";
import { useClientState } from "./client-context.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The session believes no larger difference than a day. */
const MOST_SAID_MS = 24 * HOUR_MS;

function amountOf(apartMs: number, locale: string): string {
  const [unit, value] = apartMs >= 2 * HOUR_MS ? (["hour", apartMs / HOUR_MS] as const) : (["minute", apartMs / MINUTE_MS] as const);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(value);
}

export function ClockBanner() {
  const { t, locale } = useText();
  const { connection } = useClientState();
  const [isRead, setRead] = useState(false);
  const offsetMs = connection.kind === "online" ? connection.clockOffsetMs : 0;
  const apartMs = Math.abs(offsetMs);
  if (isRead || apartMs <= CLOCK_TOLERANCE_MS) return null;
  const amount = apartMs >= MOST_SAID_MS ? t("clock.day") : amountOf(apartMs, locale);
  return (
    <Banner
      tone="calm"
      icon="clock"
      action={
        <Button look="plain" onClick={() => setRead(true)}>
          {t("notice.read")}
        </Button>
      }
    >
      <strong>{t(offsetMs < 0 ? "clock.ahead" : "clock.behind", { amount })}</strong> {t("clock.text")}
    </Banner>
  );
}
