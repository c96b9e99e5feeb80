/** A new phone for an account that exists: handle and recovery code. Companions stay linked. */
import { Icon, TextField, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { browserName } from "../linking/platform.ts";

export function RestoreForm() {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [handle, setHandle] = useState("");
  const [code, setCode] = useState("");
  return (
    <form
      className="stack-wide"
      onSubmit={(event) => {
        event.preventDefault();
        void action.run(() =>
          client.restoreAccount({
            handle,
            recoveryCode: code.trim(),
            deviceName: t("devices.phoneName", { browser: browserName(navigator.userAgent) }),
          }),
        );
      }}
    >
      <div className="form-head">
        <h1>{t("restore.title")}</h1>
        <p>{t("restore.text")}</p>
      </div>
      <TextField
        label={t("signUp.handle")}
        prefix="@"
        dir="ltr"
        value={handle}
        maxLength={32}
        autoCapitalize="none"
        spellCheck={false}
        required
        onChange={(event) => setHandle(event.target.value.toLowerCase().replace(/^@/, "").trim())}
      />
      <TextField
        label={t("restore.code")}
        dir="ltr"
        value={code}
        autoComplete="off"
        spellCheck={false}
        required
        hint={t("restore.codeHint")}
        error={action.error}
        onChange={(event) => setCode(event.target.value)}
      />
      <p className="note">
        <Icon name="info" size={20} />
        {t("restore.replaces")}
      </p>
      <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" wide busy={action.busy} disabled={handle === "" || code.trim() === ""}>
        {t("restore.action")}
      </WaitingButton>
    </form>
  );
}
