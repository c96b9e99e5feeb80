/** `hawser alerts`: devices that came or went, until somebody of the account says what to think of it. */
import type { DeviceNumber } from "@hawser/base";
import type { ClientEvent, DeviceAlert, HawserClient } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { untilOnline, untilSent, waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { safeName } from "../terminal/safe-text.ts";
import { showAlert } from "../views/alert-view.ts";
import { deviceNumber } from "./leaving-device.ts";

/** A phone removes a few seconds after the answer, so that it can be taken back; it has to stay for that. */
const REMOVAL_DEADLINE_MS = 30_000;

export const alerts: DefineCommand = (program, run) => {
  const group = program.command("alerts").description("devices that were added or removed, until somebody has answered");

  group
    .command("list", { isDefault: true })
    .description("what nobody has answered yet")
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member" }, async ({ client }) => {
          // What happened while nobody was online comes with the connection; without one there is what is known.
          let failure: unknown;
          await untilOnline(client, context.signal).catch((error: unknown) => (failure = error));
          context.signal.throwIfAborted();
          const { deviceAlerts } = await client.state();
          for (const alert of deviceAlerts) showAlert(context.output, alert);
          if (deviceAlerts.length === 0) context.output.line("Nothing to answer.");
          if (failure !== undefined) throw failure as Error;
        });
      }),
    );

  group
    .command("known [device]")
    .description("that was me, or: I have seen it; without DEVICE all of them. Gone on every device of the account")
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const wanted = context.args[0] === undefined ? undefined : deviceNumber(context.args[0]);
          const about = (await client.state()).deviceAlerts.filter(({ device }) => wanted === undefined || device === wanted);
          if (wanted !== undefined && about.length === 0) throw noAlert(wanted);
          for (const alert of about) {
            await client.answerDeviceAlert(alert.id, "known");
            const { id, device, name } = alert;
            context.output.event({ event: "alert-answered", id, device, answer: "known" }, `Device ${device} "${safeName(name)}": known.`);
          }
          if (about.length === 0) context.output.line("Nothing to answer.");
          await untilSent(client, context.signal);
        });
      }),
    );

  for (const answer of ["remove", "undo"] as const)
    group
      .command(`${answer} <device>`)
      .description(answer === "remove" ? "that was not me: the phone signs it out" : "takes `remove` back, while it is not done")
      .action(
        run(async (context) => {
          await withClient(context, { phase: "member", online: true, share: true }, async ({ client, state }) => {
            const alert = await addition(client, deviceNumber(context.args[0]!));
            await client.answerDeviceAlert(alert.id, answer);
            const { id, device, name } = alert;
            context.output.event({ event: "alert-answered", id, device, answer });
            const who = `Device ${device} "${safeName(name)}"`;
            if (answer === "undo") context.output.line(`${who} stays.`);
            else if (state.role === "phone") await stayUntilRemoved(client, context, alert);
            else context.output.line(`${who}: the phone signs it out as soon as it is online.`);
            await untilSent(client, context.signal);
          });
        }),
      );
};

async function addition(client: HawserClient, device: DeviceNumber): Promise<DeviceAlert> {
  const found = (await client.state()).deviceAlerts.find((alert) => alert.device === device && alert.kind === "added");
  if (found === undefined) throw noAlert(device);
  if (found.role === "phone")
    throw new CliError("WRONG_ROLE", {
      detail: `Device ${device} is a phone: no companion's word removes it.`,
      next: "If it is not yours: hawser revoke on your phone, or hawser account restore with the recovery code.",
    });
  return found;
}

async function stayUntilRemoved(client: HawserClient, { output, signal }: Context, { id, device, name }: DeviceAlert): Promise<void> {
  const who = `Device ${device} "${safeName(name)}"`;
  output.line(`${who} is signed out in a few seconds. Not to: hawser alerts undo ${device}`);
  const settled = async (event: ClientEvent | undefined): Promise<"removed" | "kept" | undefined> => {
    if (event !== undefined && event.type !== "state") return undefined;
    const alert = (event?.state ?? (await client.state())).deviceAlerts.find((other) => other.id === id);
    return alert === undefined ? "removed" : alert.removing ? undefined : "kept";
  };
  const outcome = await waitFor(client, settled, { signal, deadlineMs: REMOVAL_DEADLINE_MS });
  if (outcome === "removed") output.event({ event: "revoked", device, name }, `${who} is signed out.`);
  else output.line(outcome === "kept" ? `${who} stays.` : `${who} is signed out the next time this phone is online.`);
}

const noAlert = (device: DeviceNumber): CliError =>
  new CliError("NO_SUCH_DEVICE", { detail: `There is nothing to answer about device ${device}.`, next: "See: hawser alerts" });
