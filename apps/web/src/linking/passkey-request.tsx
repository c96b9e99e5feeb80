/** On the companion: the account asks for its passkey. Without one the link goes on by the digits, unless the account insists. */
import type { PasskeyRequest as Request } from "@hawser/sdk";
import { Alert, Button, useText } from "@hawser/ui";
import { useState } from "react";
import { useClient } from "../app/client-context.tsx";
import { askPasskey } from "./passkey.ts";

export function PasskeyRequest({ request }: { readonly request: Request }) {
  const { t } = useText();
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const show = async (): Promise<void> => {
    setBusy(true);
    const answer = await askPasskey(request).catch(() => undefined);
    setBusy(false);
    setFailed(answer === undefined);
    if (answer !== undefined) await client.answerLinkPasskey(answer).catch(() => undefined);
  };
  return (
    <>
      <p className="berth-note">{t("passkey.ask")}</p>
      {failed && <Alert tone="warn">{t("passkey.notShown")}</Alert>}
      <div className="actions">
        <Button icon="key" busy={busy} onClick={() => void show()}>
          {t("passkey.use")}
        </Button>
        <Button look="plain" disabled={busy} onClick={() => void client.answerLinkPasskey().catch(() => undefined)}>
          {t("passkey.without")}
        </Button>
      </div>
    </>
  );
}
