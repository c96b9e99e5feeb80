/**
 * The companion's link page, taken over from the plain one without a visible change. Codes refresh in place; after a while
 * without a scan it pauses, and after two failures in a row it stops asking and explains.
 */
import type { LinkStage } from "@hawser/sdk";
import { Alert, Button, Icon, isLanguage, LANGUAGE_NAMES, LANGUAGES, useText, useToast } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { useClient, useClientState } from "../app/client-context.tsx";
import { codeOf, errorText } from "../app/error-text.ts";
import { useChangeLanguage } from "../app/language.tsx";
import { WaitingButton } from "../app/waiting-button.tsx";
import { linkUri, type LinkSeed } from "../entry/link-seed.ts";
import { OtherWays } from "./other-ways.tsx";
import { DiagnosisLink } from "./phone-ways.tsx";
import { PasskeyRequest } from "./passkey-request.tsx";
import { QrCode } from "./qr-code.tsx";
import { QueueNote } from "./queue-note.tsx";
import { StageList } from "./stage-list.tsx";
import { failedTooOften } from "./stuck.ts";
import { useOwnLink } from "./use-own-link.ts";

const LANDED: readonly LinkStage[] = ["scanned", "comparing", "approving", "activating"];

interface LinkScreenProperties {
  readonly seed: LinkSeed | undefined;
  /** The page was opened by a phone's own code: it is answered as soon as there is a code here. */
  readonly phoneCode?: string | undefined;
}

export function LinkScreen({ seed, phoneCode }: LinkScreenProperties) {
  const text = useText();
  const { t, language } = text;
  const client = useClient();
  const change = useChangeLanguage();
  const toast = useToast();
  const { connection } = useClientState();
  const { link, stage, failedAt, begin } = useOwnLink("companion", seed);
  /** Where the clipboard is closed, the link is shown to be copied by hand. */
  const copy = async (link: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      toast({ text: t("myCode.copied") });
    } catch {
      toast({ text: link });
    }
  };
  const uri = link?.uri ?? (link === undefined && seed !== undefined ? linkUri(seed, location.origin) : undefined);
  const isAnswered = useRef(false);
  useEffect(() => {
    if (phoneCode === undefined || link?.uri === undefined || isAnswered.current) return;
    isAnswered.current = true;
    client.openReverseCode(phoneCode).catch((error: unknown) => toast({ text: errorText(text, codeOf(error)) }));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once, when the first code is there
  }, [link?.uri]);
  const [lastUri, setLastUri] = useState(uri);
  if (uri !== undefined && uri !== lastUri) setLastUri(uri);
  /** While the next code is made the one before stays in sight; not after a failure, which it did not outlive. */
  const startAgain = (): void => {
    setLastUri(undefined);
    begin();
  };
  const isStuck = stage === "failed" && failedTooOften(link);
  const isVeiled = stage === "paused" || stage === "failed" || LANDED.includes(stage) || stage === "active";
  const state =
    connection.kind === "offline"
      ? errorText(text, connection.error)
      : connection.kind === "online"
        ? t("link.ready")
        : t("link.connecting");

  return (
    <main className="berth">
      <header className="berth-top">
        <img src="/icon.svg" alt="" width={36} height={36} />
        <span className="wordmark">Hawser</span>
        <select
          className="lang-pick"
          aria-label={t("app.language")}
          value={language}
          onChange={({ target }) => isLanguage(target.value) && change(target.value)}
        >
          {LANGUAGES.map((name) => (
            <option key={name} value={name}>
              {LANGUAGE_NAMES[name]}
            </option>
          ))}
        </select>
      </header>
      <section className="berth-card">
        <div className="berth-words" aria-live="polite">
          {stage === "preparing" || stage === "waiting-for-scan" ? (
            <>
              <h1>{t("link.title")}</h1>
              <ol className="steps">
                <li>{t("link.step1")}</li>
                <li>{t("link.step2")}</li>
                <li>{t("link.step3")}</li>
              </ol>
              {link?.queue === undefined ? <p className="berth-note">{t("link.note")}</p> : <QueueNote queue={link.queue} />}
            </>
          ) : stage === "paused" ? (
            <>
              <h1>{t("link.pausedTitle")}</h1>
              <p className="berth-note" style={{ marginBlockStart: 0 }}>
                {t("link.pausedText")}
              </p>
            </>
          ) : (
            <>
              <h1>
                {stage === "failed"
                  ? isStuck
                    ? t("link.stuckTitle")
                    : t("link.failedTitle")
                  : stage === "active"
                    ? t("link.activeTitle")
                    : t("link.underWayTitle")}
              </h1>
              {(stage !== "failed" || failedAt !== undefined) && <StageList stage={stage} failedAt={failedAt} />}
              {link?.error !== undefined && (
                <Alert>
                  {errorText(text, link.error.name)} {link.error.toldByOther === true && t("link.toldByOther")}
                </Alert>
              )}
              {isStuck && <Diagnosis />}
              {isStuck && <DiagnosisLink face="companion" />}
              {isStuck && (
                <Button look="plain" onClick={() => void client.cancelLink().then(startAgain, () => undefined)}>
                  {t("link.startOver")}
                </Button>
              )}
              {stage !== "failed" && link?.peer !== undefined && (
                <p className="berth-note">{t("link.accountOf", { name: link.peer.name })}</p>
              )}
              {link?.passkeyRequest !== undefined && <PasskeyRequest request={link.passkeyRequest} />}
            </>
          )}
        </div>
        <div className="qr-frame">
          <div className={isVeiled ? "qr-plate qr-plate-veiled" : "qr-plate"}>
            {lastUri !== undefined && <QrCode text={lastUri} label={t("link.qrLabel")} />}
            {isVeiled && (
              <div className="qr-veil">
                {stage === "paused" ? (
                  <Button icon="retry" onClick={() => begin()}>
                    {t("link.resume")}
                  </Button>
                ) : stage === "failed" ? (
                  link?.error?.canRetry !== false && !isStuck ? (
                    <WaitingButton icon="retry" notBeforeMs={link?.error?.retryAtMs} onClick={startAgain}>
                      {t("link.newCode")}
                    </WaitingButton>
                  ) : (
                    <Icon name="warning" size={56} />
                  )
                ) : link?.matchCode !== undefined && stage !== "active" ? (
                  <div className="match" role="status">
                    <small>{t("match.compare")}</small>
                    <span className="match-digits">{link.matchCode}</span>
                    <small>{t("match.companion")}</small>
                  </div>
                ) : (
                  <Icon name={stage === "active" ? "check" : "phone"} size={56} />
                )}
              </div>
            )}
          </div>
          <p className="qr-state" role="status">
            {!isVeiled || (LANDED.includes(stage) && connection.kind === "offline")
              ? state
              : LANDED.includes(stage)
                ? t(`link.now.${stage as "scanned"}`)
                : ""}
          </p>
          {!isVeiled && uri !== undefined && (
            <Button look="plain" icon="copy" onClick={() => void copy(uri)}>
              {t("myCode.copy")}
            </Button>
          )}
          {!isVeiled && uri !== undefined && <OtherWays link={link} onLetters={() => begin(undefined, true)} />}
          {LANDED.includes(stage) && stage !== "activating" && (
            <Button look="plain" onClick={() => void client.cancelLink().catch(() => undefined)}>
              {t("action.cancel")}
            </Button>
          )}
        </div>
      </section>
      <footer className="berth-foot">{t("app.promise")}</footer>
    </main>
  );
}

/** After two failures another code would not help: what can be looked at, from the safest step up. */
function Diagnosis() {
  const { t } = useText();
  return (
    <ol className="steps">
      <li>{t("diagnosis.clock")}</li>
      <li>{t("diagnosis.network")}</li>
      <li>{t("diagnosis.origin", { origin: location.host })}</li>
      <li>{t("diagnosis.reload")}</li>
    </ol>
  );
}
