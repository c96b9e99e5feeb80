/**
 * A button that opens again at a time. Until then it counts down and does nothing; it keeps the focus, and a screen reader hears of
 * the wait twice: when it begins and when it is over, never each second.
 */
import { Button, useText } from "@hawser/ui";
import { useEffect, useState, type ComponentProps } from "react";
import { useNow } from "./now.ts";

interface WaitingButtonProperties extends ComponentProps<typeof Button> {
  /** By this device's clock. */
  readonly notBeforeMs: number | undefined;
}

export function WaitingButton({ notBeforeMs, type, disabled, onClick, children, ...rest }: WaitingButtonProperties) {
  const [waited, setWaited] = useState<number>();
  const waits = notBeforeMs !== undefined && waited !== notBeforeMs;
  return (
    <>
      <Button
        {...rest}
        type={waits ? "button" : (type ?? "button")}
        aria-disabled={waits || undefined}
        disabled={!waits && disabled}
        onClick={waits ? undefined : onClick}
      >
        {waits ? <CountDown key={notBeforeMs} untilMs={notBeforeMs} onOver={() => setWaited(notBeforeMs)} /> : children}
      </Button>
      {notBeforeMs !== undefined && <SaidOnce key={notBeforeMs} untilMs={notBeforeMs} isOver={!waits} />}
    </>
  );
}

// Only a button that waits has a clock.
function CountDown({ untilMs, onOver }: { readonly untilMs: number; readonly onOver: () => void }) {
  const { t } = useText();
  const seconds = Math.ceil((untilMs - useNow(500)) / 1_000);
  const isOver = seconds <= 0;
  useEffect(() => {
    if (isOver) onOver();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once, when it is over
  }, [isOver]);
  return <span className="numeric">{t("action.waitSeconds", { seconds: Math.max(1, seconds) })}</span>;
}

function SaidOnce({ untilMs, isOver }: { readonly untilMs: number; readonly isOver: boolean }) {
  const { t } = useText();
  const [seconds] = useState(() => Math.max(1, Math.ceil((untilMs - Date.now()) / 1_000)));
  return (
    <span className="visually-hidden" role="status">
      {isOver ? t("action.waitOver") : t("action.waitBegun", { seconds })}
    </span>
  );
}
