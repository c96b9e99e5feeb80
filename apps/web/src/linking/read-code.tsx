/** Reads a code by camera, from an image, or pasted. */
import { Alert, TextField, useText } from "@hawser/ui";
import { useCallback, useState } from "react";
import { useAction } from "../app/action.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { PictureInput } from "./picture-input.tsx";
import { Viewfinder } from "./viewfinder.tsx";

interface ReadCodeProperties {
  readonly hint?: string;
  /** Which code it is: one that a new device shows, or the phone's own. */
  readonly path?: "link" | "link-me";
  /** Rejects when the code is none that can be used; the failure is said here. The first one given is the one that is called. */
  readonly open: (code: string) => Promise<unknown>;
}

export function ReadCode({ hint, path = "link", open }: ReadCodeProperties) {
  const { t } = useText();
  const action = useAction("inline");
  const [pasted, setPasted] = useState("");
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new function each time would start the camera anew
  const use = useCallback((code: string): Promise<boolean> => action.run(() => open(code)), []);
  return (
    <>
      <Viewfinder facing={path === "link" ? "environment" : "user"} use={use} />
      {hint !== undefined && <p className="soft soft-center">{hint}</p>}
      <Alert>{action.error}</Alert>
      <PictureInput use={use} />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(() => open(pasted.trim()));
        }}
      >
        <TextField
          label={t("scan.paste")}
          value={pasted}
          dir="ltr"
          autoComplete="off"
          spellCheck={false}
          placeholder={`${location.origin}/${path}#…`}
          {...(path === "link" ? { hint: t("scan.pasteHint") } : {})}
          onChange={(event) => setPasted(event.target.value)}
        />
        <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" look="plain" busy={action.busy} disabled={pasted.trim() === ""}>
          {t("scan.open")}
        </WaitingButton>
      </form>
    </>
  );
}
