/** The account's passkeys, on a phone: made here, taken away here, and whether a link needs one. */
import { Alert, Button, Icon, mediumDate, Switch, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { createPasskey, hasPasskeys } from "../linking/passkey.ts";

export function PasskeySection() {
  const { t, locale } = useText();
  const client = useClient();
  const action = useAction();
  const { self } = useClientState();
  const [failed, setFailed] = useState(false);
  const [removes, setRemoves] = useState<string>();
  const settings = useQuery(
    "passkeys",
    (engine) => engine.passkeySettings(),
    (event) => event.type === "state",
  );
  const passkeys = settings.value?.passkeys ?? [];
  const create = async (): Promise<void> => {
    if (self === undefined) return;
    setFailed(false);
    const made = await createPasskey(
      self,
      passkeys.map(({ credentialId }) => credentialId),
    ).catch(() => undefined);
    setFailed(made === undefined);
    if (made !== undefined) await client.addPasskey(made);
  };
  return (
    <>
      <h2 className="card-title" id="passkey">
        {t("passkey.title")}
      </h2>
      {(hasPasskeys() || passkeys.length > 0) && (
        <div className="card" role="group" aria-labelledby="passkey">
          {passkeys.map(({ credentialId, createdAtMs }) => (
            <div key={credentialId} className="row">
              <span className="row-icon">
                <Icon name="key" />
              </span>
              <span className="row-words">
                <b>{t("passkey.title")}</b>
                <small>{t("passkey.made", { date: mediumDate(createdAtMs, locale) })}</small>
              </span>
              <Button look="danger-soft" disabled={action.busy} onClick={() => setRemoves(credentialId)}>
                {t("passkey.remove")}
              </Button>
            </div>
          ))}
          {passkeys.length > 0 && (
            <Switch
              label={t("passkey.required")}
              hint={t("passkey.requiredHint")}
              checked={settings.value?.required ?? false}
              onChange={(required) => void action.run(() => client.setPasskeyRequired(required))}
            />
          )}
          {hasPasskeys() && (
            <button type="button" className="row" disabled={action.busy} onClick={() => void action.run(create)}>
              <span className="row-icon">
                <Icon name="key" />
              </span>
              <span className="row-words">
                <b>{t("passkey.create")}</b>
                <small>{t("passkey.text")}</small>
              </span>
            </button>
          )}
        </div>
      )}
      {!hasPasskeys() && <p className="note">{t("passkey.unsupported")}</p>}
      {removes !== undefined && (
        <Confirm
          title={t("passkey.removeTitle")}
          confirm={t("passkey.remove")}
          danger
          run={() => client.removePasskey(removes)}
          onClose={() => setRemoves(undefined)}
        >
          <p>{t("passkey.removeText")}</p>
        </Confirm>
      )}
      {failed && <Alert tone="warn">{t("passkey.notShown")}</Alert>}
    </>
  );
}
