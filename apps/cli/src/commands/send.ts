/** `hawser send`: one message, and how far it got. */
import { parseMessageId } from "@hawser/base";
import type { ClientEvent, DeliveryStatus, FileSource, HawserClient, MessageView } from "@hawser/sdk";
import { fileSourceOfPath } from "@hawser/sdk/node";
import { InvalidArgumentError } from "commander";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { findRecipient } from "../profile/find-person.ts";
import { refuseRevoked } from "../profile/revoked-error.ts";
import { waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { messageFields } from "../views/message-view.ts";

const STEPS = ["queued", "sent", "delivered", "read"] as const;
type Step = (typeof STEPS)[number];
const DEFAULT_TIMEOUT_S = 30;
/** Standard input is read whole: it becomes one message. */
const MAX_STDIN_BYTES = 1_048_576;

interface SendOptions {
  readonly file?: readonly string[];
  readonly wait: Step;
  readonly timeout: number;
  readonly id?: string;
}

export const send: DefineCommand = (program, run) => {
  program
    .command("send <to> [text]")
    .description("a message to a handle, contact or account (text - or none: standard input)")
    .option("--file <file>", "send a file with it; may be given several times", (value: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      value,
    ])
    .option("--wait <step>", "return when it is queued, sent (the server has it), delivered or read", parseStep, "sent")
    .option("--timeout <seconds>", "how long to wait for that", parseSeconds, DEFAULT_TIMEOUT_S)
    .option("--id <uuid>", "the message's id: the same command again sends nothing twice")
    .action(
      run<SendOptions>(async (context) => {
        const { options } = context;
        if (options.id !== undefined && parseMessageId(options.id) === undefined)
          throw new CliError("USAGE", { detail: "--id is not a UUID in lower case." });
        const text = await readMessageText(context);
        const attachments: FileSource[] = [];
        for (const path of options.file ?? []) attachments.push(await openFile(path));
        await withClient(context, { phase: "member" }, async ({ client }) => {
          const chat = await findRecipient(client, context.args[0]!, context.signal);
          const message = await client.sendMessage({
            conversation: chat.id,
            text,
            attachments,
            ...(options.id === undefined ? {} : { id: options.id as MessageView["id"] }),
          });
          await follow(client, context, message);
        });
      }),
    );
};

async function follow(client: HawserClient, { output, signal, options }: Context<SendOptions>, message: MessageView): Promise<void> {
  output.event({ event: "message", ...messageFields(message) });
  let shown: DeliveryStatus = message.status;
  const probe = async (event: ClientEvent | undefined): Promise<MessageView | undefined> => {
    if (event?.type === "state") refuseRevoked(event.state);
    if (event !== undefined && !(event.type === "message" && event.message.id === message.id)) return undefined;
    const now = await client.message(message.id);
    if (now === undefined) return undefined;
    if (now.status !== shown) output.event({ event: "delivery", id: now.id, chat: now.conversation, status: now.status });
    shown = now.status;
    if (now.status === "failed") throw new CliError("RECIPIENT_UNKNOWN", { detail: "The message could not be sent." });
    return STEPS.indexOf(now.status as Step) >= STEPS.indexOf(options.wait) ? now : undefined;
  };
  const reached = await waitFor(client, probe, { signal, deadlineMs: options.timeout * 1_000 });
  if (reached !== undefined) return output.line(output.paint.green(`✓ ${reached.status}`));
  const { connection } = await client.state();
  if (connection.kind === "online")
    throw new CliError("WAIT_DEADLINE", { detail: `After ${options.timeout} seconds the message is ${shown}, not ${options.wait}.` });
  throw new CliError("OFFLINE", {
    next: "The message is safe here and goes out whenever this profile is online, for example with: hawser listen",
  });
}

async function readMessageText({ args, input, options }: Context<SendOptions>): Promise<string> {
  const text = args[1];
  if (text !== undefined && text !== "-") return text;
  if (text === undefined && options.file !== undefined) return "";
  const all = await input.rest(MAX_STDIN_BYTES);
  if (all === undefined) throw new CliError("TEXT_TOO_LONG");
  return all.replace(/\n$/, "");
}

async function openFile(path: string): Promise<FileSource> {
  try {
    return await fileSourceOfPath(path);
  } catch (cause) {
    throw new CliError("FILE_UNREADABLE", { detail: `The file ${path} cannot be read.`, cause });
  }
}

function parseStep(value: string): Step {
  if (!(STEPS as readonly string[]).includes(value)) throw new InvalidArgumentError(`One of ${STEPS.join(", ")}.`);
  return value as Step;
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError("Seconds, up to 86400.");
  return seconds;
}
