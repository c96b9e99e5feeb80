/** `hawser invite`: lets somebody register on a server that asks for invitations. */
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { dataFolder } from "../serving/data-folder.ts";
import { formatTime } from "../terminal/times.ts";

interface InviteOptions {
  readonly data?: string;
  readonly uses: string;
  readonly days: string;
}

const DAY_MS = 86_400_000;
const MAX_USES = 100_000;
const MAX_DAYS = 3_650;

export const invite: DefineCommand = (program, run) => {
  program
    .command("invite")
    .description("make an invitation, on the server's machine; the server may be running")
    .option("--data <folder>", "the server's data folder (default: $HAWSER_DATA or .hawser)")
    .option("--uses <number>", "how many accounts it may make", "1")
    .option("--days <number>", "how long it holds", "7")
    .action(
      run<InviteOptions>(async ({ output, options, environment }) => {
        const { createInvitation } = await import("@hawser/server");
        const uses = wholeNumber("--uses", options.uses, MAX_USES);
        const lifetimeMs = wholeNumber("--days", options.days, MAX_DAYS) * DAY_MS;
        const expiresAtMs = Date.now() + lifetimeMs;
        const code = createInvitation(dataFolder(options.data, environment, { mustExist: true }), { uses, expiresInMs: lifetimeMs });
        output.event({ event: "invitation", code, uses, expiresAtMs }, output.paint.bold(code));
        output.note(`Good for ${uses === 1 ? "one account" : `${uses} accounts`} until ${formatTime(expiresAtMs)}.`);
      }),
    );
};

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new CliError("USAGE", { detail: `${name} is a number from 1 to ${max}.` });
  return value;
}
