/** The language in use: chosen before the first paint, changed without a reload. */
import { directionOf, loadCatalogue, localeOf, TextProvider, type Catalogue, type Language } from "@hawser/ui";
import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import { rememberLanguage } from "../entry/remembered.ts";

const ChangeContext = createContext<(language: Language) => void>(() => undefined);
export const useChangeLanguage = (): ((language: Language) => void) => useContext(ChangeContext);

interface Spoken {
  readonly language: Language;
  readonly catalogue: Catalogue;
}

export function LanguageProvider({ initial, children }: { readonly initial: Spoken; readonly children: ReactNode }) {
  const [spoken, setSpoken] = useState(initial);
  const change = useMemo(
    () => (language: Language) => {
      rememberLanguage(language);
      void loadCatalogue(language).then((catalogue) => {
        document.documentElement.lang = language;
        document.documentElement.dir = directionOf(language);
        setSpoken({ language, catalogue });
      });
    },
    [],
  );
  return (
    <ChangeContext value={change}>
      <TextProvider {...spoken} locale={localeOf(spoken.language, navigator.languages)}>
        {children}
      </TextProvider>
    </ChangeContext>
  );
}
