/** A button that opens again at a time: until then it is disabled and counts down. */
import { Button, useText } from "@hawser/ui";
import type { ComponentProps } from "react";
import { useNow } from "./now.ts";

interface WaitingButtonProperties extends ComponentProps<typeof Button> {
  /** By this device's clock. */
  readonly notBeforeMs: number | undefined;
}

export function WaitingButton({ notBeforeMs, ...rest }: WaitingButtonProperties) {
  // Only a button that waits has a clock.
  return notBeforeMs === undefined ? <Button {...rest} /> : <CountingButton key={notBeforeMs} notBeforeMs={notBeforeMs} {...rest} />;
}

function CountingButton({ notBeforeMs, disabled, children, ...rest }: WaitingButtonProperties & { readonly notBeforeMs: number }) {
  const { t } = useText();
  const now = useNow(500);
  const seconds = Math.ceil((notBeforeMs - now) / 1_000);
  if (seconds <= 0) {
    return (
      <Button {...rest} disabled={disabled}>
        {children}
      </Button>
    );
  }
  return (
    <Button {...rest} disabled>
      <span className="numeric">{t("action.waitSeconds", { seconds })}</span>
    </Button>
  );
}
