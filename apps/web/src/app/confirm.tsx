/** Asks before something that cannot be taken back, and says what it does. */
import { Alert, Button, Dialog, useText } from "@hawser/ui";
import type { ReactNode } from "react";
import { useAction } from "./action.ts";
import { WaitingButton } from "./waiting-button.tsx";

interface ConfirmProperties {
  readonly title: string;
  readonly confirm: string;
  readonly danger?: boolean;
  /** True until the person did what is asked of them first. */
  readonly locked?: boolean;
  readonly run: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Confirm({ title, confirm, danger = false, locked = false, run, onClose, children }: ConfirmProperties) {
  const { t } = useText();
  const action = useAction("inline");
  return (
    <Dialog
      title={title}
      closeLabel={t("action.close")}
      shape="sheet"
      onClose={onClose}
      actions={
        <>
          <Button look="plain" onClick={onClose} data-autofocus>
            {t("action.cancel")}
          </Button>
          <WaitingButton
            notBeforeMs={action.notBeforeMs}
            look={danger ? "danger" : "filled"}
            busy={action.busy}
            disabled={locked}
            onClick={() => void action.run(run).then((worked) => worked && onClose())}
          >
            {confirm}
          </WaitingButton>
        </>
      }
    >
      {children}
      <Alert>{action.error}</Alert>
    </Dialog>
  );
}
