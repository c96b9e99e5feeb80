/** The old phone: says what a move is, then reads the new phone's code. What it asks before the key leaves is the sheet's. */
import { Button, Icon, useText } from "@hawser/ui";
import { useState } from "react";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { TypeCode } from "../linking/phone-ways.tsx";
import { ReadCode } from "../linking/read-code.tsx";

export function MovePage() {
  const { t } = useText();
  const [isReading, setReading] = useState(false);
  return (
    <PageFrame title={t("move.title")} back="settings">
      {isReading ? (
        <NewPhonesCode />
      ) : (
        <>
          <div className="card contact-card">
            <span className="badge-round">
              <Icon name="phone" size={34} />
            </span>
            <h2>{t("move.heading")}</h2>
            <p className="soft">{t("move.text")}</p>
          </div>
          <ol className="steps card card-steps">
            <li>{t("move.away1", { origin: `${location.host}/phone` })}</li>
            <li>{t("move.away2")}</li>
            <li>{t("move.away3")}</li>
          </ol>
          <p className="note">
            <Icon name="link" size={20} />
            {t("move.stays")}
          </p>
          <Button wide icon="scan" onClick={() => setReading(true)}>
            {t("move.scan")}
          </Button>
        </>
      )}
    </PageFrame>
  );
}

function NewPhonesCode() {
  const { t } = useText();
  const client = useClient();
  const [isTyping, setTyping] = useState(false);
  const open = async (code: string): Promise<void> => {
    await client.openLinkCode(code);
    goPage("devices");
  };
  if (isTyping) return <TypeCode />;
  return (
    <>
      <ReadCode hint={t("move.scanHint")} open={open} />
      <Button look="soft" wide icon="keyboard" onClick={() => setTyping(true)}>
        {t("typed.enter")}
      </Button>
    </>
  );
}
