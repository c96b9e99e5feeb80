/** A device in a list: what kind it is, its name, and whether it is there. */
import type { DeviceInfo } from "@hawser/sdk";
import { Icon, type IconName } from "@hawser/ui";
import { Presence } from "./presence.tsx";

const iconOf = (device: DeviceInfo): IconName =>
  device.role === "phone" ? "phone" : /terminal|cli|hawser/i.test(device.name) ? "terminal" : "laptop";

export function DeviceWords({ device }: { readonly device: DeviceInfo }) {
  return (
    <>
      <span className="row-icon">
        <Icon name={iconOf(device)} />
      </span>
      <span className="row-words">
        <b dir="auto">{device.name}</b>
        <small>
          <Presence device={device} />
        </small>
      </span>
    </>
  );
}
