/** "It is a device I already have": a companion that lost its storage gets its place back instead of a new one. */
import type { DeviceInfo } from "@hawser/sdk";
import { Choice, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { useClient } from "../app/client-context.tsx";

const NEW = "new";

interface Properties {
  /** What the companion calls itself: the device of that name is offered first. */
  readonly name: string;
  readonly chosen: DeviceInfo["device"] | undefined;
  readonly onChoose: (device: DeviceInfo["device"] | undefined) => void;
}

export function ExistingDevice({ name, chosen, onChoose }: Properties) {
  const { t } = useText();
  const client = useClient();
  const [devices, setDevices] = useState<readonly DeviceInfo[]>([]);
  useEffect(() => {
    void client.devices().then(
      (all) => setDevices(all.filter(({ restorable, connected }) => restorable && !connected)),
      () => undefined,
    );
  }, [client]);
  if (devices.length === 0) return null;
  const options = [
    { value: NEW, label: t("approve.asNew") },
    ...devices
      .toSorted((a, b) => Number(b.name === name) - Number(a.name === name))
      .map((device) => ({ value: String(device.device), label: t("approve.asExisting", { name: device.name }) })),
  ];
  return (
    <Choice
      label={t("approve.as")}
      value={chosen === undefined ? NEW : String(chosen)}
      options={options}
      onChange={(value) => onChoose(devices.find(({ device }) => String(device) === value)?.device)}
    />
  );
}
