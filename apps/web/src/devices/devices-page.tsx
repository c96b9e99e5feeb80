/** Every device of the account: which is this one, when each was there last; rename, revoke, link another. */
import type { DeviceInfo } from "@hawser/sdk";
import { Alert, Button, Dialog, Icon, mediumDate, SkeletonRows, Switch, TextField, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { ListCode } from "../contacts/list-code.tsx";
import { DeviceWords } from "./device-words.tsx";
import { isLastSession } from "./last-session.ts";
import { Presence } from "./presence.tsx";

export function DevicesPage() {
  const { t } = useText();
  const { role } = useClientState();
  const devices = useQuery(
    "devices",
    (client) => client.devices(),
    (event) => event.type === "devices" || event.type === "state",
  );
  const [shown, setShown] = useState<DeviceInfo>();
  const isPhone = role === "phone";
  const companions = devices.value?.filter((device) => device.role === "companion") ?? [];
  return (
    <PageFrame title={t("devices.title")} {...(isPhone ? {} : { back: "chats" as const })}>
      {isPhone && (
        <div className="card">
          <div className="contact-card">
            <span className="empty-icon">
              <Icon name="devices" size={32} />
            </span>
            <h2>{t("devices.linkTitle")}</h2>
            <p style={{ color: "var(--ink-soft)", maxInlineSize: "36ch" }}>{t("devices.linkText", { origin: location.host })}</p>
            <Button icon="scan" onClick={() => goPage("scan")}>
              {t("devices.link")}
            </Button>
          </div>
        </div>
      )}
      {devices.value === undefined ? (
        <SkeletonRows count={3} label={t("loading")} />
      ) : (
        <>
          <h2 className="card-title">{t("devices.count", { count: devices.value.length })}</h2>
          <ul className="card">
            {devices.value.map((device) => (
              <li key={device.device}>
                <button
                  type="button"
                  className="row"
                  onClick={() => {
                    // Nobody tells when another device came or went.
                    devices.reload();
                    setShown(device);
                  }}
                >
                  <DeviceWords device={device} />
                  {device.isThis && <span className="pill">{t("devices.this")}</span>}
                  <Icon name="chevron" size={18} flip />
                </button>
              </li>
            ))}
          </ul>
          {isPhone && companions.length === 0 && <p className="note">{t("devices.none")}</p>}
          <p className="note">
            <Icon name="shield" size={20} />
            {t("devices.signed")}
          </p>
          <OwnListCode />
        </>
      )}
      {shown !== undefined && (
        <DeviceCard device={shown} isLast={isLastSession(shown, devices.value ?? [])} onClose={() => setShown(undefined)} />
      )}
    </PageFrame>
  );
}

/** For contacts who were shown two lists of this account: they compare these digits. */
function OwnListCode() {
  const { t } = useText();
  const code = useQuery(
    "list code",
    (client) => client.deviceListCode(),
    (event) => event.type === "devices",
  ).value;
  return (
    <details className="card list-code-card">
      <summary>{t("devices.listCode")}</summary>
      <p className="soft">{t("devices.listCodeText")}</p>
      {code !== undefined && <ListCode code={code.code} />}
    </details>
  );
}

interface DeviceCardProperties {
  readonly device: DeviceInfo;
  readonly isLast: boolean;
  readonly onClose: () => void;
}

function DeviceCard({ device, isLast, onClose }: DeviceCardProperties) {
  const { t, locale } = useText();
  const { role } = useClientState();
  const client = useClient();
  const action = useAction("inline");
  const [name, setName] = useState(device.name);
  const [asks, setAsks] = useState(false);
  const [isKnown, setKnown] = useState(false);
  const isPhone = role === "phone";
  if (asks) {
    return (
      <Confirm
        title={t("revoke.title", { name: device.name })}
        confirm={t("revoke.confirm")}
        danger
        locked={isLast && !isKnown}
        run={() => client.revokeDevice(device.device)}
        onClose={onClose}
      >
        <p>{t("revoke.text")}</p>
        <ul className="stack">
          <li className="note note-warn">
            <Icon name="trash" size={20} />
            {t("revoke.wipes")}
          </li>
          <li className="note">
            <Icon name="link" size={20} />
            {t("revoke.others")}
          </li>
        </ul>
        {isLast && (
          <>
            <Alert>{t("revoke.last", { name: device.name })}</Alert>
            <Switch label={t("revoke.lastKnown")} checked={isKnown} onChange={setKnown} />
          </>
        )}
      </Confirm>
    );
  }
  return (
    <Dialog
      title={device.name}
      closeLabel={t("action.close")}
      shape="sheet"
      onClose={onClose}
      actions={
        isPhone && (
          <>
            {!device.isThis && (
              <Button look="danger-soft" onClick={() => setAsks(true)}>
                {t("revoke.action")}
              </Button>
            )}
            <Button
              busy={action.busy}
              disabled={name.trim() === "" || name.trim() === device.name}
              onClick={() => void action.run(() => client.renameDevice(device.device, name.trim())).then((worked) => worked && onClose())}
            >
              {t("action.save")}
            </Button>
          </>
        )
      }
    >
      {isPhone && (
        <TextField
          label={t("devices.name")}
          value={name}
          maxLength={48}
          dir="auto"
          error={action.error}
          hint={t("devices.nameHint")}
          onChange={(event) => setName(event.target.value)}
        />
      )}
      <dl className="facts">
        <div>
          <dt>{t("devices.role")}</dt>
          <dd>{t(device.role === "phone" ? "devices.rolePhone" : "devices.roleCompanion")}</dd>
        </div>
        <div>
          <dt>{t("devices.addedLabel")}</dt>
          <dd>{mediumDate(device.addedAtMs, locale)}</dd>
        </div>
        <div>
          <dt>{t("devices.number")}</dt>
          <dd className="numeric">{device.device}</dd>
        </div>
        <div>
          <dt>{t("devices.state")}</dt>
          <dd>
            <Presence device={device} />
          </dd>
        </div>
      </dl>
      {!isPhone && <p className="note">{t("devices.onlyPhone")}</p>}
    </Dialog>
  );
}
