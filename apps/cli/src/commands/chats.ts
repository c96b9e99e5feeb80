/** `hawser chats`, `messages`, `search`: what is on this device. None of them needs a connection. */
import type { ConversationSummary, MessageView } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { findChat } from "../profile/find-person.ts";
import { withClient } from "../profile/with-client.ts";
import { safeName, safeText } from "../terminal/safe-text.ts";
import { formatShortTime } from "../terminal/times.ts";
import { messageFields, messageLine } from "../views/message-view.ts";

const DEFAULT_LIMIT = "20";
const MAX_LIMIT = 1_000_000;
const PAGE = 500;
const PREVIEW_LENGTH = 60;

interface LimitOption {
  readonly limit: string;
}

export const chats: DefineCommand = (program, run) => {
  program
    .command("chats")
    .description("the chats on this device, newest first")
    .option("--limit <number>", "at most so many", "100")
    .option("--archived", "those put away")
    .action(
      run<LimitOption & { readonly archived?: boolean }>(async (context) => {
        const limit = readLimit(context.options.limit);
        await withClient(context, { phase: "member" }, async ({ client }) => {
          let shown = 0;
          while (shown < limit) {
            const { items, total } = await client.conversations({
              archived: context.options.archived === true,
              offset: shown,
              limit: Math.min(PAGE, limit - shown),
            });
            for (const chat of items) showChat(context, chat);
            shown += items.length;
            if (items.length === 0 || shown >= total) break;
          }
          if (shown === 0) context.output.note("No chats yet. Write to somebody: hawser send HANDLE TEXT");
        });
      }),
    );

  program
    .command("messages <chat>")
    .description("the newest messages of a chat, oldest of them first")
    .option("--limit <number>", "at most so many", DEFAULT_LIMIT)
    .action(
      run<LimitOption>(async (context) => {
        const { output } = context;
        const limit = readLimit(context.options.limit);
        await withClient(context, { phase: "member" }, async ({ client }) => {
          const chat = await findChat(client, context.args[0]!);
          const found: MessageView[] = [];
          let beforeOrder: number | undefined;
          while (found.length < limit) {
            const page = await client.messages({
              conversation: chat.id,
              limit: Math.min(PAGE, limit - found.length),
              ...(beforeOrder === undefined ? {} : { beforeOrder }),
            });
            found.push(...page.items);
            beforeOrder = page.items.at(-1)?.order;
            if (!page.hasOlder || beforeOrder === undefined) break;
          }
          for (const message of found.reverse())
            output.event({ event: "message", ...messageFields(message) }, messageLine(message, output.paint, Date.now()));
          if (!chat.historyComplete) output.note("Older messages are still to come: hawser history --wait");
        });
      }),
    );

  program
    .command("search <text>")
    .description("messages that hold all these words, newest first")
    .option("--limit <number>", "at most so many", DEFAULT_LIMIT)
    .option("--chat <chat>", "only in this chat")
    .action(
      run<LimitOption & { readonly chat?: string }>(async (context) => {
        const { output, options } = context;
        await withClient(context, { phase: "member" }, async ({ client }) => {
          const chat = options.chat === undefined ? undefined : await findChat(client, options.chat);
          const hits = await client.search({
            text: context.args[0]!,
            limit: readLimit(options.limit),
            ...(chat === undefined ? {} : { conversation: chat.id }),
          });
          for (const { message, conversationTitle, snippet, ranges } of hits) {
            const time = output.paint.dim(formatShortTime(message.sentAtMs, Date.now()));
            const who = message.outgoing ? "You" : safeName(message.senderName);
            output.event(
              { event: "hit", ...messageFields(message), chatTitle: conversationTitle, snippet },
              `${time}  ${safeName(conversationTitle)} — ${output.paint.bold(who)}: ${marked(snippet, ranges, output.paint.yellow)}`,
            );
          }
          if (hits.length === 0)
            throw new CliError("UNKNOWN_MESSAGE", { detail: "Nothing was found.", next: "Whole words and their beginnings are searched." });
        });
      }),
    );
};

function showChat({ output }: Context, chat: ConversationSummary): void {
  const { id, title, contact, unread, isRequest, historyComplete, last } = chat;
  const preview = safeName(last?.text ?? "").slice(0, PREVIEW_LENGTH);
  const time = last === undefined ? "" : formatShortTime(last.sentAtMs, Date.now());
  const badge = unread === 0 ? "" : output.paint.green(` (${unread} new)`);
  output.event(
    {
      event: "chat",
      chat: id,
      title,
      account: contact?.account ?? null,
      unread,
      isRequest,
      historyComplete,
      lastText: last?.text ?? null,
      lastAtMs: last?.sentAtMs ?? null,
    },
    `${output.paint.bold(safeName(title))}${badge}${isRequest ? output.paint.yellow(" wants to write to you") : ""}  ${output.paint.dim(time)}\n    ${preview}`,
  );
}

/** Ranges count in the snippet as it came; control characters become one character each, so they still fit. */
function marked(snippet: string, ranges: readonly (readonly [number, number])[], paint: (text: string) => string): string {
  let at = 0;
  let result = "";
  for (const [start, end] of ranges) {
    result += safeText(snippet.slice(at, start)) + paint(safeText(snippet.slice(start, end)));
    at = end;
  }
  return (result + safeText(snippet.slice(at))).replaceAll("\n", " ");
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new CliError("USAGE", { detail: `--limit is a number from 1 to ${MAX_LIMIT}.` });
  return limit;
}
