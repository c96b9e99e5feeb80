/** `hawser move`: the account moves to this phone. Companions stay; the old phone works until `hawser move finish`. */
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { EXIT } from "../exit-codes.ts";
import { followHistory } from "../profile/follow-history.ts";
import { proposedDeviceName } from "@hawser/sdk/node";
import { untilReachable } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { confirm } from "../terminal/confirm.ts";
import { ceremony, type LinkOptions } from "./link.ts";

export const move: DefineCommand = (program, run) => {
  const command = program.command("move").description("move the account to this profile, as its new phone");
  command
    .command("start", { isDefault: true })
    .description("show a code for the old phone (there: hawser approve --new-phone), and take everything over")
    .option("--device-name <name>", "what this phone is called", proposedDeviceName())
    .option("--no-history", "do not wait for the old messages")
    .option("--scan <text>", "answer the code that the old phone shows")
    .option("--invert", "draw the code for a light terminal")
    .action(
      run<LinkOptions>(async (context) => {
        const { output, signal, options } = context;
        return withClient(context, { phase: "none", share: true }, async ({ client, place }) => {
          await ceremony(client, context, place, "phone");
          const self = (await client.state()).self!;
          output.event(
            { event: "linked", account: self.account, device: self.device },
            output.paint.green(`✓ A phone of @${self.handle}.`),
          );
          await untilReachable(client, signal);
          if (options.history && !(await followHistory(client, output, signal))) throw new CliError("HISTORY_WAITING");
          output.line("The old phone still works. When all is here: hawser move finish");
          return EXIT.ok;
        });
      }),
    );
  command
    .command("finish")
    .description("this is the account's only phone from now on: the old one is signed out, companions stay")
    .option("--without-history", "also when old messages are still on their way")
    .option("-y, --yes", "do not ask before the old phone is signed out")
    .action(
      run<{ readonly withoutHistory?: boolean; readonly yes?: boolean }>(async (context) => {
        const { output, options } = context;
        await withClient(context, { phase: "member", online: true, share: true }, async ({ client }) => {
          await confirm(context, "Make this the account's only phone?", "The old phone is signed out for good and erases itself.");
          await client.finishMove({ withoutHistory: options.withoutHistory === true });
          const self = (await client.state()).self!;
          output.event(
            { event: "moved", account: self.account, device: self.device },
            output.paint.green("✓ This is the account's phone."),
          );
        });
        return EXIT.ok;
      }),
    );
};
