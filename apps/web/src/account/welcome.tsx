/** The phone before it has an account: make one, take one over from another phone, or come back by a passkey or a recovery code. */
import { Button, Icon, isLanguage, LANGUAGE_NAMES, LANGUAGES, useText } from "@hawser/ui";
import { lazy, Suspense, useState } from "react";
import { useClient, useClientState } from "../app/client-context.tsx";
import { useChangeLanguage } from "../app/language.tsx";
import type { Intent } from "../entry/face.ts";
import { rememberLinkStuck } from "../entry/remembered.ts";
import { RestoreForm } from "./restore-form.tsx";
import { SignUpForm } from "./sign-up-form.tsx";

const MoveHere = lazy(async () => ({ default: (await import("../moving/move-here.tsx")).MoveHere }));

type Step = "hello" | "sign-up" | "move" | "restore";

export function Welcome({ intent }: { readonly intent: Intent | undefined }) {
  const { t, language } = useText();
  const change = useChangeLanguage();
  const client = useClient();
  const { phase } = useClientState();
  // A move that was under way when the page closed goes on.
  const [step, setStep] = useState<Step>(phase === "linking" ? "move" : "hello");
  const leave = (): void => {
    if (step === "move") {
      rememberLinkStuck("phone", false);
      void client.cancelLink().catch(() => undefined);
    }
    setStep("hello");
  };
  return (
    <main className="welcome">
      <header className="top-bar">
        {step === "hello" ? (
          <span />
        ) : (
          <Button look="plain" onClick={leave}>
            {t("action.back")}
          </Button>
        )}
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
      <div className="welcome-scroll scroll">
        <div className="welcome-inner">
          {step === "sign-up" ? (
            <SignUpForm />
          ) : step === "restore" ? (
            <RestoreForm />
          ) : step === "move" ? (
            <Suspense fallback={null}>
              <MoveHere />
            </Suspense>
          ) : (
            <>
              <div className="welcome-hero">
                <img src="/icon.svg" alt="" />
                <h1>Hawser</h1>
                <p>{t("welcome.text")}</p>
              </div>
              {intent !== undefined && (
                <p className="note note-warn">
                  <Icon name="info" size={20} />
                  {t(intent.kind === "link" ? "welcome.linkFirst" : "welcome.addFirst")}
                </p>
              )}
              <div className="stack">
                <Button wide onClick={() => setStep("sign-up")}>
                  {t("welcome.create")}
                </Button>
                <Button wide look="soft" onClick={() => setStep("move")}>
                  {t("welcome.move")}
                </Button>
                <Button wide look="soft" onClick={() => setStep("restore")}>
                  {t("welcome.restore")}
                </Button>
              </div>
            </>
          )}
        </div>
      </div>
      <footer className="berth-foot">
        <Icon name="lock" size={15} />
        {t("app.promise")}
      </footer>
    </main>
  );
}
