/** `hawser import`: an exported WhatsApp chat becomes a chat here. */
import type { HawserClient, ImportPreview } from "@hawser/sdk";
import { fileSourceOfPath } from "@hawser/sdk/node";
import { Option } from "commander";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { findRecipient } from "../profile/find-person.ts";
import { withClient } from "../profile/with-client.ts";
import { ProgressBar, formatCount } from "../terminal/progress-bar.ts";
import { safeName } from "../terminal/safe-text.ts";
import { formatTime } from "../terminal/times.ts";

interface ImportOptions {
  readonly self?: string;
  readonly title?: string;
  readonly dateOrder?: ImportPreview["dateOrder"];
  readonly into?: string;
  readonly dryRun?: boolean;
}

export const importChat: DefineCommand = (program, run) => {
  program
    .command("import <file>")
    .description("an exported WhatsApp chat (.txt or .zip); importing it again adds only what is new")
    .option("--self <name>", "which of the participants is you")
    .option("--title <title>", "what the chat is called here")
    .option("--into <person>", "put the messages into the chat with this contact")
    .addOption(new Option("--date-order <order>", "how its dates are written").choices(["day-first", "month-first", "year-first"]))
    .option("--dry-run", "only say what is in it")
    .action(
      run<ImportOptions>(async (context) => {
        await withClient(context, { phase: "member" }, async ({ client }) => {
          const preview = await client.previewImport(await fileSourceOfPath(context.args[0]!));
          showPreview(context, preview);
          if (context.options.dryRun === true) return client.cancelImport(preview.importId);
          await runImport(client, context, preview);
        });
      }),
    );
};

async function runImport(client: HawserClient, context: Context<ImportOptions>, preview: ImportPreview): Promise<void> {
  const { output, signal, options } = context;
  const self = options.self ?? preview.selfGuess;
  if (self === undefined || !preview.participants.includes(self)) {
    const names = preview.participants.map((name) => `"${safeName(name)}"`).join(", ");
    throw new CliError("USAGE", { detail: `Which of them is you? ${names}`, next: "Say it with --self NAME" });
  }
  const dateOrder = options.dateOrder ?? preview.dateOrder;
  if (!preview.dateOrderCertain && options.dateOrder === undefined) {
    throw new CliError("USAGE", {
      detail: `The dates can be read in more than one way; ${preview.dateOrder} gives ${formatTime(preview.firstAtMs)} to ${formatTime(preview.lastAtMs)}.`,
      next: "Say it with --date-order",
    });
  }
  const conversation = options.into === undefined ? undefined : (await findRecipient(client, options.into, signal)).id;
  const bar = new ProgressBar(output, "import");
  const cancel = (): void => void client.cancelImport(preview.importId).catch(() => undefined);
  const unsubscribe = client.subscribe((event) => {
    if (event.type !== "import" || event.importId !== preview.importId) return;
    output.event({ event: "import-progress", done: event.done, total: event.total });
    bar.show(event.done, event.total);
  });
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const {
      conversation: chat,
      imported,
      alreadyThere,
    } = await client.runImport({
      importId: preview.importId,
      title: options.title ?? preview.title,
      self,
      dateOrder,
      ...(conversation === undefined ? {} : { intoConversation: conversation }),
    });
    bar.end();
    const known = alreadyThere === 0 ? "" : `, ${formatCount(alreadyThere)} were here already`;
    output.event({ event: "imported", chat, imported, alreadyThere }, `✓ ${formatCount(imported)} messages imported${known}.`);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    bar.end();
    unsubscribe();
    signal.removeEventListener("abort", cancel);
  }
}

function showPreview({ output }: Context, preview: ImportPreview): void {
  const { title, participants, selfGuess, messageCount, mediaCount, firstAtMs, lastAtMs, dateOrder, dateOrderCertain } = preview;
  output.event(
    {
      event: "import-preview",
      title,
      participants,
      self: selfGuess ?? null,
      messages: messageCount,
      files: mediaCount,
      firstAtMs,
      lastAtMs,
      dateOrder,
      dateOrderCertain,
    },
    `${output.paint.bold(safeName(title))}: ${formatCount(messageCount)} messages, ${formatCount(mediaCount)} files, ${formatTime(firstAtMs)} to ${formatTime(lastAtMs)}\n  between ${participants.map(safeName).join(", ")}`,
  );
}
