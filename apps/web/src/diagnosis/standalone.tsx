/** The diagnosis as a page of its own, `/diagnosis`: for when the app cannot start, is not linked yet, or has no network. */
import "@hawser/ui/app.css";
import { IconButton, loadCatalogue, ToastRegion, useText, type Language } from "@hawser/ui";
import { createRoot } from "react-dom/client";
import { LanguageProvider } from "../app/language.tsx";
import { openClient } from "../engine/open-client.ts";
import type { Face } from "../entry/remembered.ts";
import { DiagnosisView } from "./diagnosis-view.tsx";
import type { Subject } from "./examine.ts";

export async function showDiagnosis(root: HTMLElement, face: Face, language: Language): Promise<void> {
  const { client, onTrouble } = openClient(face);
  let trouble: string | undefined;
  onTrouble((code) => (trouble ??= code));
  const catalogue = await loadCatalogue(language);
  createRoot(root).render(
    <LanguageProvider initial={{ language, catalogue }}>
      <Standalone subject={{ face, client, trouble: () => trouble }} />
    </LanguageProvider>,
  );
}

function Standalone({ subject }: { readonly subject: Subject }) {
  const { t } = useText();
  return (
    <ToastRegion label={t("toasts")} closeLabel={t("action.close")}>
      <main className="page diagnosis-alone">
        <header className="page-head page-head-back">
          <IconButton
            icon="back"
            flip
            label={t("action.back")}
            onClick={() => location.assign(subject.face === "phone" ? "/phone" : "/?face=companion")}
          />
          <h1>{t("diagnosis.title")}</h1>
        </header>
        <div className="page-scroll scroll">
          <div className="column">
            <DiagnosisView subject={subject} />
          </div>
        </div>
      </main>
    </ToastRegion>
  );
}
