/** Whether a device of the own account has ever come alive, as the server knows; `undefined`: it gave no answer. */
import type { DeviceNumber } from "@hawser/base";
import type { ServerLink } from "../connection/server-link.ts";

export async function everConnected(link: ServerLink, device: DeviceNumber): Promise<boolean | undefined> {
  try {
    const { devices } = await link.request("getDeviceActivity", {});
    return devices.some((seen) => seen.device === device && (seen.connected || seen.lastSeenMs > 0n));
  } catch {
    return undefined;
  }
}
