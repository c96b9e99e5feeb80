/** The phone face: an account first, then chats, people, devices and settings behind four tabs. */
import { Button, Icon, useText, type IconName, type MessageKey } from "@hawser/ui";
import { lazy, useEffect, useState, type ReactNode } from "react";
import { RecoveryPage } from "../account/recovery-page.tsx";
import { Welcome } from "../account/welcome.tsx";
import { ContactsPage } from "../contacts/contacts-page.tsx";
import { MyCodePage } from "../contacts/my-code-page.tsx";
import { NewChat } from "../contacts/new-chat.tsx";
import { DeviceAlerts } from "../devices/device-alert.tsx";
import { DevicesPage } from "../devices/devices-page.tsx";
import { DiagnosisPage } from "../diagnosis/diagnosis-page.tsx";
import { RevokedScreen } from "../devices/revoked-screen.tsx";
import type { Intent } from "../entry/face.ts";
import { rememberSettled } from "../entry/remembered.ts";
import { ImportPage } from "../importing/import-page.tsx";
import { ApprovalSheet } from "../linking/approval-sheet.tsx";
import { ScanPage } from "../linking/scan-page.tsx";
import { MoveBanner } from "../moving/move-banner.tsx";
import { SettingsPage } from "../settings/settings-page.tsx";
import { useAction } from "./action.ts";
import { ChatsFace } from "./chats-face.tsx";
import { useClient, useClientState } from "./client-context.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { formatRoute, goPage, useRoute, type Page } from "./router.ts";

const MovePage = lazy(async () => ({ default: (await import("../moving/move-page.tsx")).MovePage }));
const HistoryPage = lazy(async () => ({ default: (await import("../syncing/history-page.tsx")).HistoryPage }));

const PAGE_VIEWS: Partial<Record<Page, () => ReactNode>> = {
  contacts: () => <ContactsPage />,
  devices: () => <DevicesPage />,
  scan: () => <ScanPage />,
  settings: () => <SettingsPage />,
  import: () => <ImportPage />,
  recovery: () => <RecoveryPage />,
  "my-code": () => <MyCodePage />,
  move: () => <MovePage />,
  history: () => <HistoryPage />,
  diagnosis: () => <DiagnosisPage />,
};
const TABS: readonly { readonly page: Page; readonly icon: IconName; readonly label: MessageKey; readonly also: readonly Page[] }[] = [
  { page: "chats", icon: "chats", label: "chats.title", also: [] },
  { page: "contacts", icon: "people", label: "contacts.title", also: ["my-code"] },
  { page: "devices", icon: "devices", label: "devices.title", also: ["scan"] },
  { page: "settings", icon: "settings", label: "settings.title", also: ["import", "recovery", "move", "history", "diagnosis"] },
];

export function PhoneApp({ intent }: { readonly intent: Intent | undefined }) {
  const { t } = useText();
  const route = useRoute();
  const client = useClient();
  const { phase, unreadTotal } = useClientState();
  const action = useAction();
  const [waiting, setWaiting] = useState(intent);
  useEffect(() => rememberSettled("phone", phase === "ready"), [phase]);
  useEffect(() => {
    if (phase !== "ready" || waiting?.kind !== "link") return;
    // oxlint-disable-next-line react/set-state-in-effect -- done once, by this effect
    setWaiting(undefined);
    goPage("devices");
    void action.run(() => client.openLinkCode(waiting.text));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `action` only reports
  }, [phase, waiting, client]);

  if (phase === "revoked") return <RevokedScreen face="phone" />;
  if (phase !== "ready") return <Welcome intent={intent} />;
  const page = route.page === "chat" ? undefined : PAGE_VIEWS[route.page]?.();
  const firstSteps = (
    <div className="empty">
      <span className="empty-icon">
        <Icon name="chats" size={30} />
      </span>
      <h2>{t("phone.firstTitle")}</h2>
      <p>{t("phone.firstText")}</p>
      <div className="stack" style={{ inlineSize: "min(300px, 100%)", marginBlockStart: 8 }}>
        <Button icon="people" onClick={() => goPage("contacts")}>
          {t("contacts.add")}
        </Button>
        <Button look="soft" icon="devices" onClick={() => goPage("scan")}>
          {t("devices.link")}
        </Button>
        <Button look="soft" icon="history" onClick={() => goPage("import")}>
          {t("import.title")}
        </Button>
      </div>
    </div>
  );
  return (
    <div className="phone-shell">
      <div>
        <ConnectionBanner />
        <MoveBanner />
        <DeviceAlerts />
      </div>
      <ChatsFace route={route} page={page} menu={[]} firstSteps={firstSteps} />
      {route.page === "chat" ? (
        <span />
      ) : (
        <nav className="tabs" aria-label={t("menu.title")}>
          {TABS.map((tab) => (
            <a
              key={tab.page}
              className="tab"
              href={formatRoute({ page: tab.page })}
              aria-current={route.page === tab.page || tab.also.includes(route.page) ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                goPage(tab.page);
              }}
            >
              <span className="tab-icon">
                <Icon name={tab.icon} />
              </span>
              {t(tab.label)}
              {tab.page === "chats" && unreadTotal > 0 && (
                <span className="badge" aria-label={t("chat.unread", { count: unreadTotal })}>
                  {unreadTotal > 99 ? "99+" : unreadTotal}
                </span>
              )}
            </a>
          ))}
        </nav>
      )}
      <ApprovalSheet />
      {waiting?.kind === "add" && <NewChat code={waiting.text} onClose={() => setWaiting(undefined)} />}
    </div>
  );
}
