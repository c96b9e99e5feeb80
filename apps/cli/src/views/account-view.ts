/** The account on this profile as an event and as lines. */
import type { ClientState, SelfInfo } from "@hawser/sdk";
import type { Output } from "../terminal/output.ts";
import { safeName } from "../terminal/safe-text.ts";

export function showAccount(output: Output, self: SelfInfo, role: ClientState["role"]): void {
  const { account, device, handle, displayName, deviceName } = self;
  output.event(
    { event: "account", account, device, role: role ?? "phone", handle, displayName, deviceName },
    [
      `${output.paint.bold(`@${handle}`)}  ${safeName(displayName)}`,
      `  account  ${account}`,
      `  device   ${device} "${safeName(deviceName)}", a ${role ?? "phone"}`,
    ].join("\n"),
  );
}
