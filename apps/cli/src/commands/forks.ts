/** `hawser contacts fork`, `contacts trust`, `list-code`: a person whose device lists have parted, and one's own word about it. */
import type { ListBranch } from "@hawser/sdk";
import type { Command } from "commander";
import type { Context, Run } from "../context.ts";
import { CliError } from "../error-text.ts";
import { findContact } from "../profile/find-person.ts";
import { untilSent } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { safeName } from "../terminal/safe-text.ts";
import { formatTime } from "../terminal/times.ts";

/** Enough digits of a code that nobody hits another branch by a slip. */
const LEAST_DIGITS = 5;

export function defineForks(program: Command, contacts: Command, run: Run): void {
  contacts
    .command("fork <person>")
    .description("the device lists of somebody of whom two different ones were seen")
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const { account, name } = await findContact(client, context.args[0]!);
          const fork = await client.listFork(account);
          if (fork === undefined) return context.output.note(`${safeName(name)} has one list of devices.`);
          for (const branch of fork.branches) showBranch(context, account, branch);
          context.output.note(
            `Ask ${safeName(name)} for the digits that "hawser list-code" or the page "Devices" shows on their own device. Then: hawser contacts trust ${context.args[0]} DIGITS`,
          );
        });
      }),
    );

  contacts
    .command("trust <person> <digits>")
    .description("of two device lists of somebody, the one with these digits; you have compared them")
    .option("-y, --yes", "do not ask")
    .action(run<{ readonly yes?: boolean }>(trust));

  program
    .command("list-code")
    .description("the digits of your newest device list, for somebody who saw two of them")
    .action(
      run(async ({ output, ...context }) => {
        const { number, code } = await withClient({ output, ...context }, { phase: "member" }, ({ client }) => client.deviceListCode());
        output.event({ event: "list-code", number, code: inGroups(code) }, `${inGroups(code)}  ${output.paint.dim(`list ${number}`)}`);
      }),
    );
}

async function trust(context: Context<{ readonly yes?: boolean }>): Promise<void> {
  const { output, input, signal, options } = context;
  const digits = context.args[1]!.replace(/\D/g, "");
  await withClient(context, { phase: "member", online: true }, async ({ client }) => {
    const { account, name } = await findContact(client, context.args[0]!);
    const fork = await client.listFork(account);
    const found = fork?.branches.filter(({ code }) => digits.length >= LEAST_DIGITS && code.startsWith(digits)) ?? [];
    if (found.length !== 1) throw new CliError("UNKNOWN_BRANCH");
    const branch = found[0]!;
    if (options.yes !== true) {
      output.ask(`From now on messages go to these ${branch.devices.length} devices of ${safeName(name)} only. Trust them? [y/N] `);
      const answer = await input.next(signal);
      signal.throwIfAborted();
      if (!/^y(es)?$/i.test(answer?.trim() ?? "")) throw new CliError("NOT_CONFIRMED", { next: "Without a question: --yes" });
    }
    await client.trustBranch(account, branch.id);
    await untilSent(client, signal);
    output.event(
      { event: "list-trusted", account, number: branch.number, code: inGroups(branch.code) },
      `List ${branch.number} of ${safeName(name)} is the one.`,
    );
  });
}

function showBranch({ output }: Context, account: string, { code, number, signedAtMs, pinned, rejected, devices }: ListBranch): void {
  const marks = [pinned ? "known here" : "", rejected ? output.paint.red("decided against") : ""].filter((mark) => mark !== "");
  const lines = devices.map(
    ({ device, role, addedAtMs, onlyHere }) =>
      `    ${String(device).padStart(4)}  ${role.padEnd(9)}  added ${formatTime(addedAtMs)}${onlyHere ? output.paint.red("  only in this list") : ""}`,
  );
  output.event(
    {
      event: "list-branch",
      account,
      code: inGroups(code),
      number,
      signedAtMs,
      pinned,
      rejected,
      devices: devices.map(({ device }) => String(device)),
    },
    [
      `${output.paint.bold(inGroups(code))}  list ${number}, signed ${formatTime(signedAtMs)}  ${marks.join(", ")}`.trimEnd(),
      ...lines,
    ].join("\n"),
  );
}

const inGroups = (code: string): string => code.replace(/(\d{5})(?=\d)/g, "$1 ");
