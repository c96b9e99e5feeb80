/** `hawser sign-out`: this device leaves the account and erases itself. */
import type { HawserClient, Role } from "@hawser/sdk";
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { forgetProfile } from "../profile/profile-folder.ts";
import { untilOnline } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { confirm } from "../terminal/confirm.ts";

const LOSES: Readonly<Record<Role, string>> = {
  phone:
    "This is the account's phone. All keys and messages here are erased; without it, and without the recovery code, nobody can link or remove devices any more.",
  companion: "All keys and messages here are erased. To come back, this device has to be linked again.",
};
const LAST = "None of the account's other devices is connected now: this may be the last one that works.";

export const signOut: DefineCommand = (program, run) => {
  program
    .command("sign-out")
    .description("erase this device; a companion leaves the account, the account of a phone stays as it is on the server")
    .option("-y, --yes", "do not ask")
    .action(
      run<{ readonly yes?: boolean }>(async (context) => {
        const { output, signal } = context;
        const place = await withClient(context, { phase: "any" }, async ({ client, place, state }) => {
          if (state.phase === "empty") throw new CliError("EMPTY_PROFILE");
          // The server hears of it where it can; a device that cannot reach it may go all the same.
          if (state.phase === "ready") await untilOnline(client, signal).catch(() => signal.throwIfAborted());
          if (state.phase === "ready") {
            const role = state.role ?? "companion";
            await confirm(context, "Sign out and erase everything here?", (await isLast(client)) ? `${LOSES[role]}\n${LAST}` : LOSES[role]);
          }
          const isListed = state.phase === "ready" && state.role === "companion";
          const told = isListed && (await client.state()).connection.kind === "online";
          await client.wipe();
          output.event({ event: "erased", device: state.self?.device ?? 0, told }, "Everything here is erased.");
          if (isListed && !told)
            output.note("The account could not be told: this device stays on its list until the phone removes it (hawser revoke).");
          return place;
        });
        forgetProfile(place);
      }),
    );
};

/** Unknown counts as alone: then the warning says more than it has to. */
async function isLast(client: HawserClient): Promise<boolean> {
  if ((await client.state()).connection.kind !== "online") return true;
  const devices = await client.devices().catch(() => []);
  return !devices.some((device) => !device.isThis && device.connected);
}
