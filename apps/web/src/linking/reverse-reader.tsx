/** The companion reads the code that the phone shows: by its camera, from an image, or pasted. Then the link goes on as ever. */
import { Dialog, Icon, TextField, useText } from "@hawser/ui";
import { useCallback, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { PictureInput } from "./picture-input.tsx";
import { Viewfinder } from "./viewfinder.tsx";

export function ReverseReader({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [pasted, setPasted] = useState("");
  const use = useCallback(
    async (code: string): Promise<boolean> => {
      const worked = await action.run(() => client.openReverseCode(code));
      if (worked) onClose();
      return worked;
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new function each time would start the camera anew
    [client],
  );
  return (
    <Dialog title={t("reverse.readTitle")} closeLabel={t("action.close")} shape="sheet" onClose={onClose}>
      <p>{t("reverse.readText")}</p>
      <Viewfinder facing="user" use={use} />
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
          placeholder={`${location.origin}/link-me#…`}
          onChange={(event) => setPasted(event.target.value)}
        />
        <WaitingButton type="submit" look="plain" notBeforeMs={action.notBeforeMs} busy={action.busy} disabled={pasted.trim() === ""}>
          {t("scan.open")}
        </WaitingButton>
      </form>
    </Dialog>
  );
}
