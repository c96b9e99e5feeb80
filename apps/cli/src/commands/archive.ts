/** `hawser archive`: the encrypted archive of history on the server, which a new device can read while the phone is off. */
import type { HawserClient } from "@hawser/sdk";
import type { DefineCommand } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../terminal/output.ts";
import { withClient } from "../profile/with-client.ts";
import { archiveEvent, archiveLine } from "../views/archive-view.ts";

const say = async (client: HawserClient, output: Output): Promise<void> => {
  const status = await client.archive();
  output.event(archiveEvent(status), archiveLine(status));
};

export const archive: DefineCommand = (program, run) => {
  const command = program.command("archive").description("keep history encrypted on the server, for devices that come later");
  command
    .command("status", { isDefault: true })
    .description("whether it is on, how far it is, what is wrong with it")
    .action(
      run(async (context) =>
        withClient(context, { phase: "member" }, async ({ client }) => {
          await say(client, context.output);
          return EXIT.ok;
        }),
      ),
    );
  for (const [name, on, about] of [
    ["on", true, "begin one; by the account's phone"],
    ["off", false, "delete it from the server; by the account's phone"],
  ] as const) {
    command
      .command(name)
      .description(about)
      .action(
        run(async (context) =>
          withClient(context, { phase: "member", online: true, share: true }, async ({ client }) => {
            await client.setArchive(on);
            await say(client, context.output);
            return EXIT.ok;
          }),
        ),
      );
  }
};
