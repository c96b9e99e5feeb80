/** The recovery code: made anew each time, shown once. */
import { Button, Icon, useText, useToast } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";

export function RecoveryPage() {
  const { t } = useText();
  const client = useClient();
  const toast = useToast();
  const action = useAction("inline");
  const [code, setCode] = useState<string>();
  const groups = code?.split(/[\s-]+/) ?? [];
  return (
    <PageFrame title={t("recovery.title")} back="settings">
      <div className="card contact-card" style={{ justifyItems: "stretch", textAlign: "start" }}>
        <span className="badge-round" style={{ justifySelf: "center" }}>
          <Icon name="key" size={34} />
        </span>
        <h2 style={{ textAlign: "center" }}>{code === undefined ? t("recovery.heading") : t("recovery.write")}</h2>
        <p style={{ color: "var(--ink-soft)" }}>{t("recovery.text")}</p>
        {code === undefined ? (
          <>
            <p className="note note-warn">
              <Icon name="warning" size={20} />
              {t("recovery.replaces")}
            </p>
            <WaitingButton
              notBeforeMs={action.notBeforeMs}
              busy={action.busy}
              onClick={() => void action.run(async () => setCode(await client.createRecoveryCode()))}
            >
              {t("recovery.create")}
            </WaitingButton>
          </>
        ) : (
          <>
            <div className="recovery-code" role="group" aria-label={t("recovery.title")}>
              {groups.map((group, index) => (
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
          </>
        )}
        {action.error !== undefined && (
          <p className="note note-bad" role="alert">
            {action.error}
          </p>
        )}
      </div>
    </PageFrame>
  );
}
