/** The companion face: link page, then chats; a revoked device says so. */
import { Button, Icon, useText, type MenuItem } from "@hawser/ui";
import { lazy, useEffect, useState, type ReactNode } from "react";
import { ContactsPage } from "../contacts/contacts-page.tsx";
import { MyCodePage } from "../contacts/my-code-page.tsx";
import { DeviceAlerts } from "../devices/device-alert.tsx";
import { DevicesPage } from "../devices/devices-page.tsx";
import { DiagnosisPage } from "../diagnosis/diagnosis-page.tsx";
import { RevokedScreen } from "../devices/revoked-screen.tsx";
import type { Intent } from "../entry/face.ts";
import type { LinkSeed } from "../entry/link-seed.ts";
import { rememberSettled } from "../entry/remembered.ts";
import { LinkScreen } from "../linking/link-screen.tsx";
import { SettingsPage } from "../settings/settings-page.tsx";
import { ChatsFace } from "./chats-face.tsx";
import { useClientState } from "./client-context.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { FirstHistory } from "./first-history.tsx";
import { goPage, useRoute, type Page } from "./router.ts";

const HistoryPage = lazy(async () => ({ default: (await import("../syncing/history-page.tsx")).HistoryPage }));

const PAGE_VIEWS: Partial<Record<Page, () => ReactNode>> = {
  contacts: () => <ContactsPage />,
  devices: () => <DevicesPage />,
  settings: () => <SettingsPage />,
  "my-code": () => <MyCodePage />,
  history: () => <HistoryPage />,
  diagnosis: () => <DiagnosisPage />,
};

export function CompanionApp({ seed, intent }: { readonly seed: LinkSeed | undefined; readonly intent: Intent | undefined }) {
  const { t } = useText();
  const route = useRoute();
  const { phase, unreadTotal } = useClientState();
  const [cameFromLink, setCameFromLink] = useState(false);
  const [wasLinked, setWasLinked] = useState(false);
  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- remembers a phase that is over
    if (phase === "empty" || phase === "linking") setCameFromLink(true);
    if (phase === "ready") setWasLinked(true);
    rememberSettled("companion", phase === "ready");
  }, [phase]);
  useEffect(() => {
    document.title = unreadTotal > 0 && phase === "ready" ? `(${unreadTotal}) Hawser` : "Hawser";
  }, [unreadTotal, phase]);

  if (phase === "revoked") return <RevokedScreen face="companion" />;
  if (phase !== "ready")
    return <LinkScreen seed={wasLinked ? undefined : seed} phoneCode={intent?.kind === "link-me" ? intent.text : undefined} />;
  const menu: readonly MenuItem[] = [
    { id: "contacts", icon: "people", label: t("contacts.title"), onSelect: () => goPage("contacts") },
    { id: "devices", icon: "devices", label: t("devices.title"), onSelect: () => goPage("devices") },
    { id: "settings", icon: "settings", label: t("settings.title"), onSelect: () => goPage("settings") },
  ];
  const page = route.page === "chat" ? undefined : PAGE_VIEWS[route.page]?.();
  const firstSteps = (
    <div className="empty">
      <span className="empty-icon">
        <Icon name="check" size={30} />
      </span>
      <h2>{t("companion.linked")}</h2>
      <p>{t("companion.noChats")}</p>
      <Button look="soft" icon="people" onClick={() => goPage("contacts")}>
        {t("contacts.add")}
      </Button>
    </div>
  );
  return (
    <FirstHistory waits={cameFromLink}>
      <div className="shell">
        <div>
          <ConnectionBanner />
          <DeviceAlerts />
        </div>
        <ChatsFace route={route} page={page} menu={menu} firstSteps={firstSteps} />
      </div>
    </FirstHistory>
  );
}
