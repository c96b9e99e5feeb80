/**
 * The new phone shows a code that the old one reads: the account comes over with its key, and linked devices stay. After two
 * failures in a row it stops asking and leads to the diagnosis.
 */
import { Alert, Button, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { useClient, useClientState } from "../app/client-context.tsx";
import { errorText } from "../app/error-text.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { linkUri, makeLinkSeed, type LinkSeed } from "../entry/link-seed.ts";
import { PasskeyRequest } from "../linking/passkey-request.tsx";
import { DiagnosisLink } from "../linking/phone-ways.tsx";
import { QrCode } from "../linking/qr-code.tsx";
import { QueueNote } from "../linking/queue-note.tsx";
import { StageList } from "../linking/stage-list.tsx";
import { failedTooOften } from "../linking/stuck.ts";
import { TypedLetters } from "../linking/typed-letters.tsx";
import { useOwnLink, type OwnLink } from "../linking/use-own-link.ts";

/** The code is drawn before any server has answered. */
export function MoveHere() {
  const [seed, setSeed] = useState<{ readonly made: LinkSeed | undefined }>();
  useEffect(() => {
    void makeLinkSeed().then((made) => setSeed({ made }));
  }, []);
  return seed === undefined ? null : <Moving seed={seed.made} />;
}

function Moving({ seed }: { readonly seed: LinkSeed | undefined }) {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const own = useOwnLink("phone", seed);
  const { link, stage, failedAt, begin } = own;
  const isStuck = stage === "failed" && failedTooOften(link);
  const startOver = (): void =>
    void client.cancelLink().then(
      () => begin(),
      () => undefined,
    );
  if (stage === "preparing" || stage === "waiting-for-scan") return <CodeToRead own={own} seed={seed} />;
  if (stage === "paused") {
    return (
      <div className="stack-wide">
        <div className="form-head">
          <h1>{t("link.pausedTitle")}</h1>
          <p>{t("link.pausedText")}</p>
        </div>
        <Button wide icon="retry" onClick={() => begin()}>
          {t("link.resume")}
        </Button>
      </div>
    );
  }
  return (
    <div className="stack-wide" aria-live="polite">
      <h1>{t(stage !== "failed" ? "move.underWay" : isStuck ? "link.stuckTitle" : "link.failedTitle")}</h1>
      {(stage !== "failed" || failedAt !== undefined) && <StageList stage={stage} failedAt={failedAt} />}
      {link?.matchCode !== undefined && (stage === "comparing" || stage === "scanned") && (
        <div className="match" role="status">
          <small>{t("match.compare")}</small>
          <span className="match-digits">{link.matchCode}</span>
          <small>{t("move.match")}</small>
        </div>
      )}
      {link?.passkeyRequest !== undefined && <PasskeyRequest request={link.passkeyRequest} />}
      {link?.error !== undefined && (
        <Alert>
          {errorText(text, link.error.name)} {link.error.toldByOther === true && t("link.toldByOther")}
        </Alert>
      )}
      {isStuck && <DiagnosisLink face="phone" />}
      {stage === "failed" && link?.error?.canRetry !== false && (
        <WaitingButton wide look={isStuck ? "plain" : "filled"} icon="retry" notBeforeMs={link?.error?.retryAtMs} onClick={startOver}>
          {t(isStuck ? "link.startOver" : "link.newCode")}
        </WaitingButton>
      )}
    </div>
  );
}

function CodeToRead({ own: { link, begin }, seed }: { readonly own: OwnLink; readonly seed: LinkSeed | undefined }) {
  const text = useText();
  const { t } = text;
  const { connection } = useClientState();
  const uri = link?.uri ?? (link === undefined && seed !== undefined ? linkUri(seed, location.origin) : undefined);
  return (
    <div className="stack-wide">
      <div className="form-head">
        <h1>{t("move.hereTitle")}</h1>
        <p>{t("move.hereText")}</p>
      </div>
      <div className="qr-plate qr-plate-center">{uri !== undefined && <QrCode text={uri} label={t("link.qrLabel")} />}</div>
      <p className="qr-state" role="status">
        {connection.kind === "offline" ? errorText(text, connection.error) : t(link?.uri === undefined ? "link.connecting" : "link.ready")}
      </p>
      <QueueNote queue={link?.queue} />
      <ol className="steps">
        <li>{t("move.step1")}</li>
        <li>{t("move.step2")}</li>
        <li>{t("move.step3")}</li>
      </ol>
      <TypedLetters letters={link?.typedCode} label={t("move.typed")} offer={t("move.noCamera")} onAsk={() => begin(undefined, true)} />
    </div>
  );
}
