/** No room for one more device: the person chooses which one leaves. Nothing is chosen beforehand, it cannot be taken back. */
import type { DeviceInfo } from "@hawser/sdk";
import { Alert, Icon, useText } from "@hawser/ui";
import { useQuery } from "../app/client-context.tsx";
import { DeviceWords } from "../devices/device-words.tsx";
import { isLastSession } from "../devices/last-session.ts";

interface Properties {
  readonly chosen: DeviceInfo["device"] | undefined;
  readonly onChoose: (device: DeviceInfo["device"]) => void;
}

/** Who was away longest comes first. */
const byAbsence = (a: DeviceInfo, b: DeviceInfo): number =>
  Number(a.connected) - Number(b.connected) || (a.lastSeenMs ?? a.addedAtMs) - (b.lastSeenMs ?? b.addedAtMs);

export function LeavingDevice({ chosen, onChoose }: Properties) {
  const { t } = useText();
  const devices = useQuery(
    "leaving",
    (client) => client.devices(),
    (event) => event.type === "devices" || event.type === "state",
  );
  const companions = (devices.value ?? []).filter(({ role }) => role === "companion").toSorted(byAbsence);
  const leaving = companions.find(({ device }) => device === chosen);
  return (
    <fieldset className="leaving">
      <legend className="note note-warn">
        <Icon name="devices" size={20} />
        {t("approve.full")}
      </legend>
      <div className="card">
        {companions.map((device) => (
          <label key={device.device} className="row">
            <input type="radio" name="leaving" checked={device.device === chosen} onChange={() => onChoose(device.device)} />
            <DeviceWords device={device} />
          </label>
        ))}
      </div>
      {leaving !== undefined && isLastSession(leaving, companions) && <Alert>{t("revoke.last", { name: leaving.name })}</Alert>}
    </fieldset>
  );
}
