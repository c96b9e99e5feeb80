/** The phone reads a code: by camera, from an image, or pasted; or it links without its camera. Device codes go to linking, contact codes to contacts. */
import { Icon, TextField, useText } from "@hawser/ui";
import { useCallback, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { NewChat } from "../contacts/new-chat.tsx";
import { type PhoneWay, PhoneWays, ShowCode, TypeCode } from "./phone-ways.tsx";
import { PictureInput } from "./picture-input.tsx";
import { Viewfinder } from "./viewfinder.tsx";

export function ScanPage() {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [way, setWay] = useState<PhoneWay>("scan");
  const [pasted, setPasted] = useState("");
  const [contactCode, setContactCode] = useState<string>();
  const use = useCallback(
    async (code: string): Promise<boolean> => {
      if (/^https?:\/\/[^/]+\/add#/i.test(code)) {
        setContactCode(code);
        return true;
      }
      const worked = await action.run(() => client.openLinkCode(code));
      if (worked) goPage("devices");
      return worked;
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new function each time would start the camera anew
    [client],
  );

  return (
    <PageFrame title={t("scan.title")} back="devices">
      {way === "type" && <TypeCode />}
      {way === "show" && <ShowCode />}
      {way === "scan" && (
        <>
          <Viewfinder facing="environment" use={use} />
          <p style={{ color: "var(--ink-soft)", textAlign: "center" }}>{t("scan.hint")}</p>
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
        </>
      )}
      <PhoneWays way={way} onChange={setWay} />
      {contactCode !== undefined && <NewChat code={contactCode} onClose={() => setContactCode(undefined)} />}
    </PageFrame>
  );
}
