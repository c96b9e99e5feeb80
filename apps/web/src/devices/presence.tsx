/** Whether a device is there now, or when it was. */
import type { DeviceInfo } from "@hawser/sdk";
import { mediumDate, useText } from "@hawser/ui";

export function Presence({ device }: { readonly device: DeviceInfo }) {
  const { t, locale } = useText();
  if (device.isThis || device.connected) {
    return (
      <>
        <span className="dot dot-on" />
        {t("devices.connected")}
      </>
    );
  }
  if (device.dormantSinceMs !== undefined) return t("devices.dormant", { date: mediumDate(device.dormantSinceMs, locale) });
  return (
    <>
      {device.lastSeenMs === undefined
        ? t("devices.added", { date: mediumDate(device.addedAtMs, locale) })
        : t("devices.lastSeen", { date: mediumDate(device.lastSeenMs, locale) })}
    </>
  );
}
