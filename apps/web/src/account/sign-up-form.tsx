/** A new account: name and handle, and what this server asks for besides (an invitation, a one-time code). */
import { Alert, Button, TextField, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { codeOf, textOfError } from "../app/error-text.ts";
import { useClient } from "../app/client-context.tsx";
import { useAction } from "../app/action.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { browserName } from "../linking/platform.ts";

const HANDLE = /^[a-z][a-z0-9_.]{2,31}$/;
const CHECK_AFTER_MS = 350;

type HandleState = "empty" | "malformed" | "checking" | "free" | "taken" | "unknown";
type Extra = "none" | "invitation" | "code";

export function SignUpForm() {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const action = useAction("inline");
  const sending = useAction("inline");
  const [name, setName] = useState("");
  const [handle, setHandle] = useState("");
  const [state, setState] = useState<HandleState>("empty");
  const [extra, setExtra] = useState<Extra>("none");
  const [invitation, setInvitation] = useState("");
  const [address, setAddress] = useState("");
  const [code, setCode] = useState("");
  const [isCodeSent, setCodeSent] = useState(false);
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- what is shown at once, before the server is asked
    if (handle === "") return setState("empty");
    if (!HANDLE.test(handle)) return setState("malformed");
    setState("checking");
    let isOver = false;
    const timer = setTimeout(() => {
      client.checkHandle(handle).then(
        ({ available }) => !isOver && setState(available ? "free" : "taken"),
        () => !isOver && setState("unknown"),
      );
    }, CHECK_AFTER_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, handle]);

  const create = async (): Promise<void> => {
    setFailure(undefined);
    await action.run(async () => {
      try {
        await client.createAccount({
          handle,
          displayName: name.trim(),
          deviceName: t("devices.phoneName", { browser: browserName(navigator.userAgent) }),
          ...(invitation === "" ? {} : { invitation: invitation.trim() }),
          ...(code === "" ? {} : { codeAddress: address.trim(), code: code.trim() }),
        });
      } catch (error) {
        // The server says what it asks of newcomers by refusing; the form then grows the field for it.
        const reason = codeOf(error);
        if (reason === "INVITATION_INVALID" && extra !== "invitation") setExtra("invitation");
        else if (reason === "CODE_INVALID" && extra !== "code") setExtra("code");
        setFailure(textOfError(text, error));
      }
    });
  };
  const hints: Readonly<Record<HandleState, string>> = {
    empty: t("signUp.handleHint"),
    malformed: t("signUp.handleMalformed"),
    checking: t("signUp.checking"),
    free: t("signUp.free"),
    taken: t("signUp.taken"),
    unknown: t("signUp.unknown"),
  };
  const isWrong = state === "taken" || (state === "malformed" && handle.length >= 3);
  const isReady = name.trim() !== "" && (state === "free" || state === "unknown");

  return (
    <form
      className="stack-wide"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) void create();
      }}
    >
      <div className="form-head">
        <h1>{t("signUp.title")}</h1>
        <p>{t("signUp.text", { origin: location.host })}</p>
      </div>
      <TextField
        label={t("signUp.name")}
        value={name}
        maxLength={64}
        dir="auto"
        autoComplete="name"
        required
        hint={t("signUp.nameHint")}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label={t("signUp.handle")}
        prefix="@"
        dir="ltr"
        value={handle}
        maxLength={32}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        state={state === "free" ? "good" : undefined}
        hint={<span className={state === "free" ? "handle-state handle-free" : "handle-state"}>{hints[state]}</span>}
        error={isWrong ? hints[state] : undefined}
        onChange={(event) => setHandle(event.target.value.toLowerCase().replace(/^@/, "").trim())}
      />
      {extra === "invitation" && (
        <TextField
          label={t("signUp.invitation")}
          value={invitation}
          dir="ltr"
          autoComplete="off"
          required
          onChange={(event) => setInvitation(event.target.value)}
        />
      )}
      {extra === "code" && (
        <>
          <TextField
            label={t("signUp.address")}
            value={address}
            dir="ltr"
            autoComplete="email"
            required
            hint={isCodeSent ? t("signUp.codeSent") : t("signUp.addressHint")}
            onChange={(event) => setAddress(event.target.value)}
          />
          <WaitingButton
            look="soft"
            notBeforeMs={sending.notBeforeMs}
            busy={sending.busy}
            disabled={address.trim() === ""}
            onClick={() => void sending.run(() => client.requestCode(address.trim())).then((worked) => worked && setCodeSent(true))}
          >
            {isCodeSent ? t("signUp.codeAgain") : t("signUp.codeSend")}
          </WaitingButton>
          <TextField
            label={t("signUp.code")}
            value={code}
            dir="ltr"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            onChange={(event) => setCode(event.target.value)}
          />
        </>
      )}
      <Alert>{failure ?? sending.error ?? action.error}</Alert>
      <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" wide busy={action.busy} disabled={!isReady}>
        {t("signUp.create")}
      </WaitingButton>
      {extra === "none" && (
        <Button look="plain" onClick={() => setExtra("invitation")}>
          {t("signUp.haveInvitation")}
        </Button>
      )}
    </form>
  );
}
