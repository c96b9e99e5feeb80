/** "Is it me, the network or the server?": the verdict in plain words first, then what can help, safest first; reasons are folded below. */
import { PROGRAM_VERSION } from "@hawser/base/version";
import {
  type Evidence,
  factOf,
  type Findings,
  judge,
  type MissingReason,
  type ProbeName,
  PROBES,
  type Verdict,
  type Whose,
  writeReport,
} from "@hawser/diagnosis";
import { Button, fullTime, Icon, useText, useToast, type IconName } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { examine, type Subject } from "./examine.ts";

const ICONS: Readonly<Record<Whose, IconName>> = {
  nobody: "check",
  me: "laptop",
  network: "globe",
  server: "devices",
  "cannot-tell": "info",
};
const GOOD: ReadonlySet<string> = new Set([
  "storage.lasting", "clock.right", "network.online", "name.found", "tcp.connected", "tls.trusted", "http.answered", "socket.greeted",
  "events.works", "poll.works", "roles.up", "version.fits", "device.member", "device.none", "session.online", "others.online", "crowd.usual",
]); // prettier-ignore

interface Seen {
  readonly findings: Partial<Findings>;
  readonly missing: Partial<Record<ProbeName, MissingReason>>;
}

export function DiagnosisView({ subject }: { readonly subject: Subject }) {
  const { t } = useText();
  const [seen, setSeen] = useState<Seen>({ findings: {}, missing: {} });
  const [evidence, setEvidence] = useState<Evidence>();
  const [round, setRound] = useState(0);
  const latest = useRef(subject);
  useEffect(() => {
    latest.current = subject;
  });
  useEffect(() => {
    let isOver = false;
    void examine(latest.current, (findings, missing) => {
      if (!isOver) setSeen({ findings, missing });
    }).then((found) => {
      if (!isOver) setEvidence(found);
    });
    return () => {
      isOver = true;
    };
  }, [round]);
  const again = (): void => {
    setSeen({ findings: {}, missing: {} });
    setEvidence(undefined);
    setRound((number) => number + 1);
  };
  const verdict = evidence === undefined ? undefined : judge(evidence);
  return (
    <>
      <VerdictCard verdict={verdict} />
      {verdict !== undefined && verdict.steps.length > 0 && (
        <>
          <h2 className="card-title" id="diagnosis-steps">
            {t("diagnosis.steps")}
          </h2>
          <ol className="card diagnosis-steps" aria-labelledby="diagnosis-steps">
            {verdict.steps.map((step) => (
              <li key={step.name}>
                <span>{t(step.name === "LINK_AGAIN" && subject.face === "phone" ? "step.restore" : `step.${step.name}`)}</span>
                {step.loses !== "nothing" && <span className="pill pill-danger">{t("diagnosis.loses")}</span>}
              </li>
            ))}
          </ol>
        </>
      )}
      <Facts seen={evidence ?? seen} verdict={verdict} />
      <div className="diagnosis-actions">
        <Button icon="retry" look="soft" busy={verdict === undefined} onClick={again}>
          {t("diagnosis.again")}
        </Button>
        <CopyReport evidence={evidence} verdict={verdict} />
      </div>
      <p className="note">
        <Icon name="shield" size={20} />
        {t("diagnosis.private")}
      </p>
    </>
  );
}

function VerdictCard({ verdict }: { readonly verdict: Verdict | undefined }) {
  const { t, locale } = useText();
  const { whose, cause, confidence = 0, since, also = [] } = verdict ?? {};
  const tone = whose === undefined ? "" : whose === "nobody" ? " badge-round-good" : whose === "me" ? " badge-round-danger" : "";
  return (
    <section className="card diagnosis-verdict" role="status" aria-busy={verdict === undefined}>
      <span className={`badge-round${tone}`}>
        <Icon name={whose === undefined ? "search" : ICONS[whose]} size={32} />
      </span>
      <h2>{t(whose === undefined ? "diagnosis.looking" : `whose.${whose}`)}</h2>
      <p>{cause === undefined ? t("diagnosis.lookingText") : t(`cause.${cause}`)}</p>
      {verdict !== undefined && <p className="diagnosis-sure">{t("diagnosis.sure", { percent: Math.round(confidence * 100) })}</p>}
      {since !== undefined && (
        <p className="diagnosis-sure">{t("diagnosis.since", { time: fullTime(since.atMs, locale), change: t(`change.${since.kind}`) })}</p>
      )}
      {also.map((other) => (
        <p key={other} className="note note-warn">
          <Icon name="warning" size={20} />
          {t(`cause.${other}`)}
        </p>
      ))}
    </section>
  );
}

function Facts({ seen, verdict }: { readonly seen: Seen; readonly verdict: Verdict | undefined }) {
  const { t } = useText();
  const shown = PROBES.filter(
    (name) => seen.findings[name] !== undefined || seen.missing[name] === "deadline" || seen.missing[name] === "failed",
  );
  return (
    <details className="card diagnosis-facts">
      <summary className="row">
        <span className="row-words">
          <b>{t("diagnosis.facts")}</b>
          <small>{t("diagnosis.factsCount", { count: shown.length })}</small>
        </span>
        <Icon name="down" size={18} />
      </summary>
      <ul>
        {shown.map((name) => {
          const fact = factOf(name, seen.findings);
          const isGood = fact !== undefined && GOOD.has(fact);
          const weight = verdict?.speaksFor.includes(name)
            ? "diagnosis.speaksFor"
            : verdict?.speaksAgainst.includes(name)
              ? "diagnosis.speaksAgainst"
              : undefined;
          return (
            <li key={name} className={isGood ? "fact-good" : "fact-bad"}>
              <Icon name={isGood ? "check" : "warning"} size={18} />
              <span>{fact === undefined ? t("diagnosis.noAnswer") : t(`fact.${fact}`)}</span>
              {fact === undefined && <small dir="ltr">{name}</small>}
              {weight !== undefined && <small>{t(weight)}</small>}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function CopyReport({ evidence, verdict }: { readonly evidence: Evidence | undefined; readonly verdict: Verdict | undefined }) {
  const { t } = useText();
  const toast = useToast();
  const [shown, setShown] = useState<string>();
  const copy = async (): Promise<void> => {
    if (evidence === undefined || verdict === undefined) return;
    const report = writeReport(evidence, verdict, {
      platform: "web",
      appVersion: PROGRAM_VERSION,
      time: new Date(evidence.startedAtMs).toISOString(),
    });
    try {
      await navigator.clipboard.writeText(report);
      toast({ text: t("diagnosis.copied") });
    } catch {
      setShown(report);
    }
  };
  return (
    <>
      <Button icon="copy" look="soft" disabled={verdict === undefined} onClick={() => void copy()}>
        {t("diagnosis.copy")}
      </Button>
      {shown !== undefined && (
        <pre className="card diagnosis-report" dir="ltr" tabIndex={0} aria-label={t("diagnosis.copy")}>
          {shown}
        </pre>
      )}
    </>
  );
}
