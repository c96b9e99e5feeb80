/** The old phone: says what a move is, then reads the new phone's code. What it asks before the key leaves is the sheet's. */
import { Button, Icon, TextField, useText } from "@hawser/ui";
import { useCallback, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { TypeCode } from "../linking/phone-ways.tsx";
import { PictureInput } from "../linking/picture-input.tsx";
import { Viewfinder } from "../linking/viewfinder.tsx";

export function MovePage() {
  const { t } = useText();
  const [isReading, setReading] = useState(false);
  return (
    <PageFrame title={t("move.title")} back="settings">
      {isReading ? (
        <ReadCode />
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

function ReadCode() {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [pasted, setPasted] = useState("");
  const [isTyping, setTyping] = useState(false);
  const use = useCallback(
    async (code: string): Promise<boolean> => {
      const worked = await action.run(() => client.openLinkCode(code));
      if (worked) goPage("devices");
      return worked;
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new function each time would start the camera anew
    [client],
  );
  if (isTyping) return <TypeCode />;
  return (
    <>
      <Viewfinder facing="environment" use={use} />
      <p className="soft soft-center">{t("move.scanHint")}</p>
      {action.error !== undefined && (
        <p className="note note-bad" role="alert">
          <Icon name="warning" size={20} />
          {action.error}
        </p>
      )}
      <PictureInput use={use} />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void use(pasted.trim());
        }}
      >
        <TextField
          label={t("scan.paste")}
          value={pasted}
          dir="ltr"
          autoComplete="off"
          spellCheck={false}
          placeholder={`${location.origin}/link#…`}
          hint={t("scan.pasteHint")}
          onChange={(event) => setPasted(event.target.value)}
        />
        <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" look="plain" busy={action.busy} disabled={pasted.trim() === ""}>
          {t("scan.open")}
        </WaitingButton>
      </form>
      <Button look="soft" wide icon="keyboard" onClick={() => setTyping(true)}>
        {t("typed.enter")}
      </Button>
    </>
  );
}
