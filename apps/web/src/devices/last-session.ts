/** What removing a device would leave behind: a stronger warning where it is the last one that works. */
import type { DeviceInfo } from "@hawser/sdk";

/** It is connected, and no other linked device is: those may lie in a drawer. */
export function isLastSession({ device }: DeviceInfo, all: readonly DeviceInfo[]): boolean {
  const connected = all.filter((other) => other.role === "companion" && other.connected);
  return connected.length === 1 && connected[0]!.device === device;
}
