/** Loaded behind the first paint: opens the engine, fetches the words, and puts the app in place. */
import "@hawser/ui/app.css";
import type { ClientState } from "@hawser/sdk";
import {
  isLanguage,
  loadCatalogue,
  localeOf,
  prepareListTimes,
  SkeletonRows,
  ToastRegion,
  useText,
  type Catalogue,
  type Language,
} from "@hawser/ui";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { openClient, type OpenedClient } from "../engine/open-client.ts";
import type { Intent } from "../entry/face.ts";
import type { LinkSeed } from "../entry/link-seed.ts";
import { rememberLanguage, rememberTheme, type Face } from "../entry/remembered.ts";
import { applyTheme } from "../entry/theme.ts";
import { AppUpdate } from "./app-update.tsx";
import { ClientProvider, useClientState } from "./client-context.tsx";
import { CompanionApp } from "./companion-app.tsx";
import { KeepStorage } from "./keep-storage.tsx";
import { LanguageProvider, useChangeLanguage } from "./language.tsx";
import { NetworkHints } from "./network-hints.tsx";
import { openingState } from "./opening-state.ts";
import { PhoneApp } from "./phone-app.tsx";
import { ResumeReminder } from "./resume-reminder.tsx";
import { TroubleScreen } from "./trouble-screen.tsx";
import { codeOf } from "./error-text.ts";

export interface StartOptions {
  readonly root: HTMLElement;
  readonly face: Face;
  readonly intent: Intent | undefined;
  readonly language: Language;
  readonly seed: LinkSeed | undefined;
  /** Where an account is known, these are loading already. */
  readonly engine?: Promise<OpenedClient>;
  readonly catalogue?: Promise<Catalogue>;
}

/** A link page is already on the screen: until the engine answers it is left as it is. */
const ENGINE_PATIENCE_MS = 1_500;

export async function start(options: StartOptions): Promise<void> {
  const engine = (await options.engine) ?? openClient(options.face);
  const state = engine.client.state();
  const catalogue = await (options.catalogue ?? loadCatalogue(options.language));
  if (options.seed !== undefined)
    await Promise.race([state.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, ENGINE_PATIENCE_MS))]);
  const known = await Promise.race([state.catch(() => undefined), Promise.resolve(undefined)]);
  createRoot(options.root).render(
    <LanguageProvider initial={{ language: options.language, catalogue }}>
      <App engine={engine} options={options} known={known ?? openingState(options.face)} />
    </LanguageProvider>,
  );
  // Behind the first paint, while the engine opens.
  setTimeout(() => prepareListTimes(localeOf(options.language, navigator.languages)));
}

interface AppProperties {
  readonly engine: OpenedClient;
  readonly options: StartOptions;
  readonly known: ClientState | undefined;
}

function App({ engine, options, known }: AppProperties) {
  const { t } = useText();
  const [state, setState] = useState(known);
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    engine.onTrouble(setTrouble);
    if (state === undefined) void engine.client.state().then(setState, (error: unknown) => setTrouble(codeOf(error)));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- asked once
  }, [engine]);
  if (trouble !== undefined) return <TroubleScreen code={trouble} face={options.face} />;
  return (
    <ToastRegion label={t("toasts")} closeLabel={t("action.close")}>
      {state === undefined ? (
        <div className={options.face === "phone" ? "phone-shell" : "panes"}>
          <div className="side">
            <SkeletonRows count={10} label={t("loading")} />
          </div>
        </div>
      ) : (
        <ClientProvider client={engine.client} initial={state}>
          <FollowSettings />
          <NetworkHints />
          <KeepStorage />
          <ResumeReminder />
          {options.face === "phone" ? <PhoneApp intent={options.intent} /> : <CompanionApp seed={options.seed} intent={options.intent} />}
        </ClientProvider>
      )}
      <AppUpdate />
    </ToastRegion>
  );
}

/** Language and theme follow the account's settings when they were changed on another device. */
function FollowSettings() {
  const { settings, phase } = useClientState();
  const { language } = useText();
  const change = useChangeLanguage();
  useEffect(() => {
    if (phase !== "ready" || !isLanguage(settings.language)) return;
    rememberLanguage(settings.language);
    if (settings.language !== language) change(settings.language);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only the account's setting leads; the person's choice is sent there
  }, [settings.language, phase]);
  useEffect(() => {
    if (phase !== "ready") return;
    rememberTheme(settings.theme);
    applyTheme(settings.theme);
  }, [settings.theme, phase]);
  return null;
}
