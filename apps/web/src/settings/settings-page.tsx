/** Name, language, theme, privacy, storage, and the way out. */
import { DORMANT_AFTER_MONTHS, type DormantAfterMonths } from "@hawser/sdk";
import {
  Alert,
  Avatar,
  Button,
  Choice,
  Dialog,
  Icon,
  type Language,
  LANGUAGE_NAMES,
  LANGUAGES,
  Switch,
  TextField,
  useText,
} from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { useChangeLanguage } from "../app/language.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage, type Page } from "../app/router.ts";
import { rememberSettled, rememberTheme } from "../entry/remembered.ts";
import { applyTheme } from "../entry/theme.ts";
import { ArchiveSection } from "./archive-section.tsx";
import { PasskeySection } from "./passkey-section.tsx";
import { StorageCard } from "./storage-card.tsx";

export function SettingsPage() {
  const { t, language } = useText();
  const client = useClient();
  const change = useChangeLanguage();
  const action = useAction();
  const { settings, self, role } = useClientState();
  const [wipes, setWipes] = useState(false);
  const [renames, setRenames] = useState(false);
  const isPhone = role === "phone";
  const setLanguage = (chosen: Language): void => {
    change(chosen);
    void action.run(() => client.setSettings({ language: chosen }));
  };
  const setTheme = (theme: "light" | "dark" | "system"): void => {
    rememberTheme(theme);
    applyTheme(theme);
    void action.run(() => client.setSettings({ theme }));
  };
  const link = (
    page: Page,
    icon: "key" | "history" | "devices" | "phone" | "qr" | "search",
    title: string,
    hint: string,
  ): React.ReactNode => (
    <button type="button" className="row" onClick={() => goPage(page)}>
      <span className="row-icon">
        <Icon name={icon} />
      </span>
      <span className="row-words">
        <b>{title}</b>
        <small>{hint}</small>
      </span>
      <Icon name="chevron" size={18} flip />
    </button>
  );
  return (
    <PageFrame title={t("settings.title")} {...(isPhone ? {} : { back: "chats" as const })}>
      <div className="card">
        <button type="button" className="row" disabled={!isPhone} onClick={() => setRenames(true)} style={{ minBlockSize: 88 }}>
          <Avatar id={`a:${self?.account ?? ""}`} name={self?.displayName ?? ""} size={60} />
          <span className="row-words">
            <b dir="auto" style={{ fontSize: "1.125rem" }}>
              {self?.displayName}
            </b>
            <small>
              <bdi>@{self?.handle}</bdi>
            </small>
          </span>
          {isPhone && <Icon name="edit" size={18} />}
        </button>
        {link("my-code", "qr", t("myCode.title"), t("myCode.hint"))}
      </div>
      <h2 className="card-title">{t("settings.look")}</h2>
      <div className="card">
        <Choice
          label={t("app.language")}
          value={language}
          options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
          onChange={setLanguage}
        />
        <Choice
          label={t("settings.theme")}
          value={settings.theme}
          options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
          onChange={setTheme}
        />
      </div>
      <h2 className="card-title">{t("settings.privacy")}</h2>
      <div className="card">
        <Switch
          label={t("settings.receipts")}
          hint={t("settings.receiptsHint")}
          checked={settings.readReceipts}
          onChange={(readReceipts) => void action.run(() => client.setSettings({ readReceipts }))}
        />
        <Switch
          label={t("settings.outcomes")}
          hint={t("settings.outcomesHint")}
          checked={settings.reportOutcomes}
          onChange={(reportOutcomes) => void action.run(() => client.setSettings({ reportOutcomes }))}
        />
        <Choice
          label={t("dormant.title")}
          hint={t("dormant.hint")}
          value={String(settings.dormantAfterMonths)}
          options={DORMANT_AFTER_MONTHS.map((months) => ({ value: String(months), label: t("dormant.after", { months }) }))}
          onChange={(months) => void action.run(() => client.setSettings({ dormantAfterMonths: Number(months) as DormantAfterMonths }))}
        />
      </div>
      <h2 className="card-title">{t("settings.account")}</h2>
      <div className="card">
        {isPhone && link("recovery", "key", t("recovery.title"), t("recovery.hint"))}
        {isPhone && link("move", "phone", t("move.title"), t("move.hint"))}
        {isPhone && link("import", "history", t("import.title"), t("import.hint"))}
        {!isPhone && link("devices", "devices", t("devices.title"), t("devices.hint"))}
        {link("diagnosis", "search", t("diagnosis.title"), t("diagnosis.hint"))}
        {!isPhone && link("history", "history", t("history.title"), t("history.hint"))}
      </div>
      {isPhone && <PasskeySection />}
      <ArchiveSection />
      <h2 className="card-title">{t("storage.room")}</h2>
      <StorageCard />
      <Button look="danger-soft" icon="trash" onClick={() => setWipes(true)}>
        {isPhone ? t("wipe.actionPhone") : t("wipe.action")}
      </Button>
      {wipes && <Wipe isPhone={isPhone} onClose={() => setWipes(false)} />}
      {renames && <Rename onClose={() => setRenames(false)} />}
    </PageFrame>
  );
}

function Wipe({ isPhone, onClose }: { readonly isPhone: boolean; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const devices = useQuery(
    "devices",
    (engine) => engine.devices(),
    (event) => event.type === "devices" || event.type === "state",
  );
  const [isKnown, setKnown] = useState(false);
  // Unknown counts as alone: then the warning says more than it has to.
  const isLast = !(devices.value?.some((device) => !device.isThis && device.connected) ?? false);
  const run = async (): Promise<void> => {
    await client.wipe();
    rememberSettled(isPhone ? "phone" : "companion", false);
    location.replace(isPhone ? "/phone" : "/");
  };
  return (
    <Confirm
      title={isPhone ? t("wipe.titlePhone") : t("wipe.title")}
      confirm={t("wipe.confirm")}
      danger
      locked={isLast && !isKnown}
      run={run}
      onClose={onClose}
    >
      <p>{isPhone ? t("wipe.textPhone") : t("wipe.text")}</p>
      <p className="note note-bad">
        <Icon name="trash" size={20} />
        {isPhone ? t("wipe.losesPhone") : t("wipe.loses")}
      </p>
      {isLast && (
        <>
          <Alert>{t("wipe.last")}</Alert>
          <Switch label={t("wipe.lastKnown")} checked={isKnown} onChange={setKnown} />
        </>
      )}
    </Confirm>
  );
}

function Rename({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const { self } = useClientState();
  const [name, setName] = useState(self?.displayName ?? "");
  return (
    <Dialog
      title={t("settings.rename")}
      closeLabel={t("action.close")}
      shape="sheet"
      onClose={onClose}
      actions={
        <Button
          busy={action.busy}
          disabled={name.trim() === ""}
          onClick={() => void action.run(() => client.setDisplayName(name.trim())).then((worked) => worked && onClose())}
        >
          {t("action.save")}
        </Button>
      }
    >
      <TextField
        label={t("signUp.name")}
        data-autofocus
        value={name}
        maxLength={64}
        dir="auto"
        hint={t("signUp.nameHint")}
        error={action.error}
        onChange={(event) => setName(event.target.value)}
      />
    </Dialog>
  );
}
