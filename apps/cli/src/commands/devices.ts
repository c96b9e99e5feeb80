/** `hawser devices`, `rename`, `revoke`: the devices of the account. */
import { parseDeviceNumber } from "@hawser/base";
import type { DeviceInfo, HawserClient } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { DORMANT_AFTER_MONTHS } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { untilSent } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { confirm } from "../terminal/confirm.ts";
import { safeName } from "../terminal/safe-text.ts";
import { formatTime } from "../terminal/times.ts";

export const devices: DefineCommand = (program, run) => {
  program
    .command("devices")
    .description("the devices of this account")
    .action(
      run(async (context) => {
        const { output } = context;
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          for (const device of await client.devices()) showDevice(context, device);
          output.note("Something unknown here? hawser revoke DEVICE signs it out at once.");
        });
      }),
    );

  program
    .command("dormancy [months]")
    .description(
      "how long a device may be away before nothing is kept for it: 1, 3, 6, 12, or 0 for never; it comes back without a new link",
    )
    .action(
      run(async ({ output, args, ...context }) => {
        await withClient({ output, args, ...context }, { phase: "member", online: args[0] !== undefined }, async ({ client }) => {
          if (args[0] !== undefined) {
            const months = DORMANT_AFTER_MONTHS.find((known) => String(known) === args[0]);
            if (months === undefined) throw new CliError("USAGE", { detail: "Say 1, 3, 6 or 12 months, or 0 for never." });
            await client.setSettings({ dormantAfterMonths: months });
            await untilSent(client, context.signal);
          }
          const { dormantAfterMonths: months } = (await client.state()).settings;
          output.event(
            { event: "dormancy", months },
            months === 0
              ? "Devices never become dormant."
              : `A device that is away for ${months} month${months === 1 ? "" : "s"} becomes dormant.`,
          );
        });
      }),
    );

  program
    .command("rename <device> <name>")
    .description("call a device something else")
    .action(
      run(async (context) => {
        const name = context.args[1]!;
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const { device } = await findDevice(client, context.args[0]!);
          await client.renameDevice(device, name);
          await untilSent(client, context.signal);
          context.output.event({ event: "renamed", device, name }, `Device ${device} is now called "${name}".`);
        });
      }),
    );

  program
    .command("revoke <device>")
    .description("sign a device out for good; it erases itself when it hears of it")
    .option("-y, --yes", "do not ask")
    .action(
      run<{ readonly yes?: boolean }>(async (context) => {
        const { output, signal } = context;
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const { device, name } = await findDevice(client, context.args[0]!);
          const others = (await client.devices()).filter((other) => !other.isThis && other.connected);
          const isLast = others.length === 1 && others[0]!.device === device;
          await confirm(
            context,
            `Sign out "${safeName(name)}" (device ${device}) for good?`,
            isLast
              ? "It is the only other device that is connected now. What is only there, such as messages this phone lost, goes with it."
              : undefined,
          );
          await client.revokeDevice(device);
          await untilSent(client, signal);
          output.event({ event: "revoked", device, name }, `Device ${device} "${safeName(name)}" is signed out.`);
        });
      }),
    );
};

export function showDevice(
  { output }: Context,
  { device, name, role, isThis, addedAtMs, connected, lastSeenMs, dormantSinceMs }: DeviceInfo,
): void {
  const presence = connected
    ? output.paint.green("online")
    : dormantSinceMs !== undefined
      ? `dormant since ${formatTime(dormantSinceMs)}`
      : lastSeenMs === undefined
        ? "not seen yet"
        : `last seen ${formatTime(lastSeenMs)}`;
  const label = `${safeName(name)}${isThis ? " (this one)" : ""}`;
  output.event(
    {
      event: "device",
      device,
      name,
      role,
      isThis,
      addedAtMs,
      connected,
      lastSeenMs: lastSeenMs ?? null,
      dormantSinceMs: dormantSinceMs ?? null,
    },
    `${String(device).padStart(4)}  ${output.paint.bold(label.padEnd(32))}  ${role.padEnd(9)}  added ${formatTime(addedAtMs)}  ${presence}`,
  );
}

/** By number, or by a name that only one of them has. */
async function findDevice(client: HawserClient, text: string): Promise<DeviceInfo> {
  const all = await client.devices();
  const number = parseDeviceNumber(Number(text));
  const found = all.filter((device) =>
    number === undefined ? device.name.toLocaleLowerCase() === text.toLocaleLowerCase() : device.device === number,
  );
  if (found.length > 1)
    throw new CliError("AMBIGUOUS_NAME", {
      detail: `${found.length} devices are called "${text}".`,
      next: "Use the number: hawser devices",
    });
  if (found[0] === undefined) throw new CliError("NO_SUCH_DEVICE", { detail: `The account has no device "${text}".` });
  return found[0];
}
