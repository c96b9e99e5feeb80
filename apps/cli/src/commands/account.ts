/** `hawser account …`, `hawser whoami`: this profile's own account. */
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { untilReachable, withServer } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { proposedDeviceName } from "@hawser/sdk/node";
import { confirm } from "../terminal/confirm.ts";
import { safeName } from "../terminal/safe-text.ts";
import { showAccount } from "../views/account-view.ts";
import { NOTICE_TEXTS } from "../views/notice-view.ts";

interface CreateOptions {
  readonly name?: string;
  readonly deviceName: string;
  readonly invitation?: string;
  readonly address?: string;
  readonly code?: string;
}

interface RestoreOptions {
  readonly yes?: boolean;
  readonly code?: string;
  readonly deviceName: string;
}

export const account: DefineCommand = (program, run) => {
  const group = program.command("account").description("make, keep and get back an account");

  group
    .command("create <handle>")
    .description("a new account, with this terminal as its phone")
    .option("--name <name>", "how others see you (default: the handle)")
    .option("--device-name <name>", "what this device is called", proposedDeviceName())
    .option("--invitation <code>", "on a server that asks for one")
    .option("--address <address>", "on a server that sends one-time codes: where it went")
    .option("--code <code>", "the one-time code that came")
    .action(
      run<CreateOptions>(async (context) => {
        const { output, args, options } = context;
        const handle = args[0]!.replace(/^@/, "");
        await withClient(context, { phase: "none" }, async ({ client }) => {
          const creating = client.createAccount({
            handle,
            displayName: options.name ?? handle,
            deviceName: options.deviceName,
            ...(options.invitation === undefined ? {} : { invitation: options.invitation }),
            ...(options.address === undefined ? {} : { codeAddress: options.address }),
            ...(options.code === undefined ? {} : { code: options.code }),
          });
          const self = await withServer(client, context.signal, creating);
          showAccount(output, self, "phone");
          await untilReachable(client, context.signal);
          output.note("Next: hawser account recovery-code, and write the code down. Then link other devices: hawser approve");
        });
      }),
    );

  group
    .command("request-code <address>")
    .description("on a server that registers by one-time code: have one sent")
    .action(
      run(async (context) => {
        const address = context.args[0]!;
        await withClient(context, { phase: "none" }, ({ client }) => withServer(client, context.signal, client.requestCode(address)));
        context.output.event(
          { event: "code-sent", address },
          "A code is on its way. Then: hawser account create HANDLE --address ADDRESS --code CODE",
        );
      }),
    );

  group
    .command("recovery-code")
    .description("a new recovery code; it replaces the one before")
    .action(
      run(async (context) => {
        const { output } = context;
        const code = await withClient(context, { phase: "member", online: true }, ({ client }) => client.createRecoveryCode());
        output.event({ event: "recovery-code", code }, output.paint.bold(code));
        output.note("Write it down and keep it off this computer: whoever has it has the account. It is not shown again.");
      }),
    );

  group
    .command("restore <handle>")
    .description(
      "the account on a new phone, by its recovery code (a terminal has no passkeys); the old phone is signed out, companions stay",
    )
    .option("--code <code>", "the recovery code (default: it is read from standard input, where other users do not see it)")
    .option("--device-name <name>", "what this device is called", proposedDeviceName())
    .option("-y, --yes", "do not ask before the old phone is signed out")
    .action(
      run<RestoreOptions>(async (context) => {
        const { output, input, signal, args, options } = context;
        const handle = args[0]!.replace(/^@/, "");
        await confirm(
          context,
          "Restore the account here?",
          `The phone that @${safeName(handle)} has now is signed out for good and erases itself. If it still works, move instead: hawser move`,
        );
        if (options.code === undefined) output.ask("Recovery code: ");
        const recoveryCode = options.code ?? (await input.next(signal));
        signal.throwIfAborted();
        if (recoveryCode === undefined || recoveryCode.trim() === "")
          throw new CliError("USAGE", { detail: "No recovery code was given." });
        await withClient(context, { phase: "none" }, async ({ client }) => {
          const self = await withServer(
            client,
            signal,
            client.restoreAccount({ handle, recoveryCode: recoveryCode.trim(), deviceName: options.deviceName }),
          );
          showAccount(output, self, "phone");
          await untilReachable(client, signal);
          output.note("The phone this replaces is signed out. Old messages come from a companion, if there is one: hawser history --wait");
          const { notice } = await client.state();
          if (notice !== undefined) output.event({ event: "notice", notice }, NOTICE_TEXTS[notice]);
        });
      }),
    );

  program
    .command("whoami")
    .description("the account and device of this profile")
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member" }, async ({ state }) => showAccount(context.output, state.self!, state.role));
      }),
    );
};
