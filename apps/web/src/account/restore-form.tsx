/** A new phone for an account that exists: by a passkey alone, or by handle and recovery code. Companions stay linked. */
import { Alert, Icon, TextField, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { hasPasskeys, type PrfProblem, withPrf } from "../linking/passkey.ts";
import { browserName } from "../linking/platform.ts";

export function RestoreForm() {
  const { t } = useText();
  const client = useClient();
  const byPasskey = useAction("inline");
  const byCode = useAction("inline");
  const [problem, setProblem] = useState<PrfProblem>();
  const [handle, setHandle] = useState("");
  const [code, setCode] = useState("");
  const deviceName = t("devices.phoneName", { browser: browserName(navigator.userAgent) });
  const isBusy = byPasskey.busy || byCode.busy;

  /** The person chooses among the passkeys that this host has; the one that is chosen says which account. */
  const restoreByPasskey = async (): Promise<void> => {
    setProblem(undefined);
    setProblem(await withPrf((prfOutput) => client.restoreAccount({ prfOutput, deviceName })));
  };
  const trouble = byPasskey.error ?? (problem === undefined ? undefined : t(problem));
  return (
    <div className="stack-wide">
      <div className="form-head">
        <h1>{t("restore.title")}</h1>
        <p>
          {t("restore.text")} {t("restore.replaces")}
        </p>
      </div>
      {hasPasskeys() ? (
        <div className="stack">
          <WaitingButton
            notBeforeMs={byPasskey.notBeforeMs}
            icon="key"
            wide
            busy={byPasskey.busy}
            disabled={isBusy}
            aria-describedby="restore-passkey"
            onClick={() => void byPasskey.run(restoreByPasskey)}
          >
            {t("restore.passkey")}
          </WaitingButton>
          <p className="soft-center" id="restore-passkey">
            {t("restore.passkeyText")}
          </p>
          <Alert tone="warn">{trouble}</Alert>
        </div>
      ) : (
        <p className="note">
          <Icon name="info" size={20} />
          {t("recovery.noPasskeys")}
        </p>
      )}
      <form
        className="stack-wide"
        onSubmit={(event) => {
          event.preventDefault();
          void byCode.run(() => client.restoreAccount({ handle, recoveryCode: code.trim(), deviceName }));
        }}
      >
        {hasPasskeys() && <h2 className="form-or">{t("restore.or")}</h2>}
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
          error={byCode.error}
          onChange={(event) => setCode(event.target.value)}
        />
        <WaitingButton
          notBeforeMs={byCode.notBeforeMs}
          type="submit"
          look={hasPasskeys() ? "soft" : "filled"}
          wide
          busy={byCode.busy}
          disabled={isBusy || handle === "" || code.trim() === ""}
        >
          {t("restore.action")}
        </WaitingButton>
      </form>
    </div>
  );
}
