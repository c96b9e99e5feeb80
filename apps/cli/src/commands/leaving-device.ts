/** No room for one more device: which one leaves? Asked on the phone's terminal, for `hawser approve`. */
import { type DeviceNumber, parseDeviceNumber } from "@hawser/base";
import type { DeviceInfo, HawserClient } from "@hawser/sdk";
import type { Context } from "../context.ts";
import { CliError } from "../error-text.ts";
import { showDevice } from "./devices.ts";

export function deviceNumber(text: string): DeviceNumber {
  const number = parseDeviceNumber(Number(text));
  if (number === undefined) throw new CliError("USAGE", { detail: "That is no device number.", next: "See: hawser devices" });
  return number;
}

/** A companion of the account, by its number. */
export function companionNumber(devices: readonly DeviceInfo[], text: string): DeviceNumber {
  const number = deviceNumber(text);
  if (!devices.some(({ device, role }) => device === number && role === "companion"))
    throw new CliError("NO_SUCH_DEVICE", { detail: `The account has no companion ${number}.` });
  return number;
}

/** Shows the companions and asks. Rejects with DEVICE_LIMIT when nobody can be asked, or none is to leave. */
export async function chooseLeaving(client: HawserClient, context: Context<{ readonly yes?: boolean }>): Promise<DeviceNumber> {
  const { output, input, signal, options } = context;
  const companions = (await client.devices()).filter(({ role }) => role === "companion");
  for (const device of companions) showDevice(context, device);
  if (options.yes === true) throw new CliError("DEVICE_LIMIT");
  output.note(`${companions.length} devices are linked, and the account has room for no more. The one that leaves is signed out for good.`);
  for (;;) {
    output.ask("The number of the one that leaves (empty: none): ");
    const answer = (await input.next(signal))?.trim() ?? "";
    signal.throwIfAborted();
    if (answer === "") throw new CliError("DEVICE_LIMIT", { detail: "No device was removed. The new one was not let in." });
    try {
      return companionNumber(companions, answer);
    } catch (error) {
      output.note((error as CliError).detail ?? "");
    }
  }
}
