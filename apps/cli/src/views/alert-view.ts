/** "A device was added", "a device was removed": as an event and as lines. */
import type { DeviceAlert } from "@hawser/sdk";
import type { CliEvent } from "../json-events.ts";
import type { Output } from "../terminal/output.ts";
import { safeName } from "../terminal/safe-text.ts";
import { formatTime } from "../terminal/times.ts";

export function alertEvent(alert: DeviceAlert): Extract<CliEvent, { event: "device-alert" }> {
  const { id, kind, device, name, role, atMs, byName, removing } = alert;
  return { event: "device-alert", id, kind, device, name, role, atMs, byName: byName ?? null, removing };
}

/** With what there is to do about it. */
export function showAlert(output: Output, alert: DeviceAlert): void {
  const { kind, device, name, role, atMs, byName, removing } = alert;
  const by = byName === undefined ? "" : ` by "${safeName(byName)}"`;
  output.event(alertEvent(alert), output.paint.yellow(`Device ${device} "${safeName(name)}" was ${kind}${by}, ${formatTime(atMs)}.`));
  if (removing) output.note(`  The phone signs it out. Not to: hawser alerts undo ${device}`);
  else if (kind === "removed") output.note(`  Seen: hawser alerts known ${device}`);
  else if (role === "companion") output.note(`  Was it you? hawser alerts known ${device}. If not: hawser alerts remove ${device}`);
  else
    output.note(
      `  Was it you? hawser alerts known ${device}. If not, somebody has your recovery code, or your old phone let it in: revoke it on the phone, or restore the account with the code now (hawser account restore).`,
    );
}
