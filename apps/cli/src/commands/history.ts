/** `hawser history`: how far the old messages are; asks for what is missing. */
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { EXIT } from "../exit-codes.ts";
import { findChat } from "../profile/find-person.ts";
import { followHistory } from "../profile/follow-history.ts";
import { untilSent } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { historyEvent, historyLine } from "../views/history-view.ts";

export const history: DefineCommand = (program, run) => {
  program
    .command("history [chat]")
    .description("ask for old messages that are missing (of one chat), and say how far they are")
    .option("--wait", "stay until everything is here")
    .action(
      run<{ readonly wait?: boolean }>(async (context) => {
        const { output, signal, options } = context;
        return withClient(context, { phase: "member", online: true, share: options.wait === true }, async ({ client, state }) => {
          const chat = context.args[0] === undefined ? undefined : await findChat(client, context.args[0]);
          const asks = chat !== undefined || (state.role === "companion" && state.history.kind !== "complete");
          if (asks) await client.requestHistory(chat === undefined ? {} : { conversation: chat.id });
          if (options.wait === true && !(await followHistory(client, output, signal))) throw new CliError("HISTORY_WAITING");
          await untilSent(client, signal);
          const { history: now } = await client.state();
          output.event(historyEvent(now), historyLine(now));
          return EXIT.ok;
        });
      }),
    );
};
