/** Phone: links without its camera. Letters that the other screen shows, or a code of its own for the other camera. */
import type { LinkStatus } from "@hawser/sdk";
import { Alert, Button, Icon, TextField, useText } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientEvents } from "../app/client-context.tsx";
import { errorText } from "../app/error-text.ts";
import { useNow } from "../app/now.ts";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { diagnosisAddress } from "../entry/face.ts";
import type { Face } from "../entry/remembered.ts";
import { QrCode } from "./qr-code.tsx";
import { failedTooOften } from "./stuck.ts";

export type PhoneWay = "scan" | "type" | "show";

/** The ways beside the one that is open. */
export function PhoneWays({ way, onChange }: { readonly way: PhoneWay; readonly onChange: (way: PhoneWay) => void }) {
  const { t } = useText();
  const ways = [
    { name: "scan", icon: "camera", label: t("scan.title") },
    { name: "type", icon: "keyboard", label: t("typed.enter") },
    { name: "show", icon: "qr", label: t("reverse.show") },
  ] as const;
  return (
    <div className="stack">
      {ways
        .filter(({ name }) => name !== way)
        .map(({ name, icon, label }) => (
          <Button key={name} look="soft" wide icon={icon} onClick={() => onChange(name)}>
            {label}
          </Button>
        ))}
    </div>
  );
}

/** The link's words until it has an attempt; from then on the sheet speaks, and this page is left. */
function useBeginning(): readonly [LinkStatus | undefined, (begin: () => Promise<LinkStatus>) => Promise<void>] {
  const [link, setLink] = useState<LinkStatus>();
  const isBegun = useRef(false);
  useClientEvents((event) => {
    if (event.type !== "link" || !isBegun.current) return;
    if (event.link.attempt === undefined) setLink(event.link);
    else goPage("devices");
  });
  const begin = async (call: () => Promise<LinkStatus>): Promise<void> => {
    isBegun.current = true;
    setLink(undefined);
    const first = await call();
    // What was told meanwhile is newer.
    setLink((told) => told ?? first);
  };
  return [link, begin];
}

export function TypeCode() {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const action = useAction("inline");
  const [letters, setLetters] = useState("");
  const [link, begin] = useBeginning();
  const error = action.error ?? (link?.error === undefined ? undefined : errorText(text, link.error.name));
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void action.run(() => begin(() => client.openTypedCode(letters)));
      }}
    >
      <TextField
        label={t("typed.enter")}
        value={letters}
        dir="ltr"
        autoFocus
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        placeholder="XXXX-XXXX"
        hint={t("typed.hint")}
        onChange={(event) => setLetters(event.target.value)}
      />
      <Alert>{error}</Alert>
      {failedTooOften(link) && <DiagnosisLink face="phone" />}
      <WaitingButton
        type="submit"
        notBeforeMs={action.notBeforeMs}
        busy={action.busy || link?.stage === "preparing"}
        disabled={letters.trim() === ""}
      >
        {t("typed.go")}
      </WaitingButton>
    </form>
  );
}

export function ShowCode() {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const action = useAction("inline");
  const [link, begin] = useBeginning();
  const now = useNow(1_000);
  const show = (): void => void action.run(() => begin(() => client.showReverseCode()));
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- once: the code lasts for minutes, then a person asks for another
  useEffect(show, []);
  const seconds = link?.deadlineMs === undefined ? undefined : Math.max(0, Math.ceil((link.deadlineMs - now) / 1_000));
  const error = action.error ?? (link?.error === undefined ? undefined : errorText(text, link.error.name));
  return (
    <section className="card contact-card" aria-label={t("reverse.show")}>
      <div className="qr-plate">{link?.uri !== undefined && <QrCode text={link.uri} label={t("link.qrLabel")} />}</div>
      <p>{t("reverse.showText")}</p>
      {seconds !== undefined && seconds <= 60 && <p className="numeric">{t("approve.left", { seconds })}</p>}
      <Alert>{error}</Alert>
      {failedTooOften(link) && <DiagnosisLink face="phone" />}
      {error !== undefined && (
        <WaitingButton icon="retry" notBeforeMs={action.notBeforeMs} onClick={show}>
          {t("link.newCode")}
        </WaitingButton>
      )}
    </section>
  );
}

/** Another try of the same would not help. */
export function DiagnosisLink({ face }: { readonly face: Face }) {
  const { t } = useText();
  return (
    <a className="button button-soft button-wide" href={diagnosisAddress(face)}>
      <Icon name="info" size={19} />
      {t("typed.diagnosis")}
    </a>
  );
}
