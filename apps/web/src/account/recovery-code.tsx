/** The recovery code: made anew each time, shown once. */
import { Alert, Button, Icon, mediumDate, useText, useToast } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import type { KnownRecovery } from "./recovery-page.tsx";

export function RecoveryCode({ known, changed }: { readonly known: KnownRecovery; readonly changed: () => void }) {
  const { t, locale } = useText();
  const client = useClient();
  const toast = useToast();
  const action = useAction("inline");
  const [code, setCode] = useState<string>();
  const [removes, setRemoves] = useState(false);
  // The button that made it is gone: whoever pressed it goes on here.
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (code !== undefined) shown.current?.focus();
  }, [code]);
  const set = typeof known === "object" ? known.code : undefined;
  const state = (): string => {
    if (known === "asking") return t("signUp.checking");
    if (known === "unknown") return t("recovery.hint");
    if (set === undefined) return t("recovery.none");
    return set.sinceMs === undefined ? t("recovery.set") : t("recovery.since", { date: mediumDate(set.sinceMs, locale) });
  };
  const create = async (): Promise<void> => {
    setCode(await client.createRecoveryCode());
    changed();
  };
  return (
    <>
      <h2 className="card-title" id="recovery-code">
        {t("restore.code")}
      </h2>
      <div className="card" role="group" aria-labelledby="recovery-code">
        <div className="row">
          <span className={set === undefined ? "row-icon" : "row-icon row-icon-good"}>
            <Icon name={set === undefined ? "edit" : "check"} />
          </span>
          <span className="row-words">
            <b>{state()}</b>
            <small>{t("recovery.text")}</small>
          </span>
        </div>
        {code === undefined ? (
          <div className="recovery-step">
            {set !== undefined && <p className="soft">{t("recovery.replaces")}</p>}
            <div className="actions">
              <WaitingButton notBeforeMs={action.notBeforeMs} busy={action.busy} onClick={() => void action.run(create)}>
                {set === undefined ? t("recovery.create") : t("recovery.createAgain")}
              </WaitingButton>
              {set !== undefined && (
                <Button look="danger-soft" disabled={action.busy} aria-describedby="recovery-code" onClick={() => setRemoves(true)}>
                  {t("passkey.remove")}
                </Button>
              )}
            </div>
          </div>
        ) : (
          <div className="recovery-step" role="group" aria-label={t("recovery.write")} tabIndex={-1} ref={shown}>
            <b>{t("recovery.write")}</b>
            <div className="recovery-code">
              {code.split("-").map((group, index) => (
                <span key={index}>{group}</span>
              ))}
            </div>
            <p className="note note-warn">
              <Icon name="warning" size={20} />
              {t("recovery.once")}
            </p>
            <div className="actions">
              <Button
                look="soft"
                icon="copy"
                onClick={() =>
                  void navigator.clipboard.writeText(code).then(
                    () => toast({ text: t("recovery.copied") }),
                    () => undefined,
                  )
                }
              >
                {t("action.copy")}
              </Button>
              <Button onClick={() => goPage("settings")}>{t("recovery.done")}</Button>
            </div>
          </div>
        )}
      </div>
      <Alert>{action.error}</Alert>
      {removes && (
        <Confirm
          title={t("recovery.removeTitle")}
          confirm={t("passkey.remove")}
          danger
          run={() => client.removeRecovery().then(changed)}
          onClose={() => setRemoves(false)}
        >
          <p>{t("recovery.removeText")}</p>
        </Confirm>
      )}
    </>
  );
}
