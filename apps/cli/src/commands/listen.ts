/** `hawser listen`: messages as they come, until it is ended. */
import type { ClientEvent, HawserClient, MessageView } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { ConnectionTeller } from "../profile/connection-teller.ts";
import { allChats } from "../profile/find-person.ts";
import { waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { showAlert } from "../views/alert-view.ts";
import { messageFields, messageLine } from "../views/message-view.ts";

interface ListenOptions {
  readonly unread?: boolean;
  readonly markRead?: boolean;
  readonly accept?: boolean;
  readonly count?: string;
}

/** Unread messages of one chat that `--unread` begins with. */
const MAX_UNREAD_PER_CHAT = 500;

export const listen: DefineCommand = (program, run) => {
  program
    .command("listen")
    .description("print messages as they come, until Ctrl-C; other commands may use the profile meanwhile")
    .option("--unread", "begin with what nobody has read yet")
    .option("--mark-read", "tell the sender that it was read")
    .option("--accept", "take messages of strangers without asking")
    .option("--count <number>", "end after so many messages")
    .action(
      run<ListenOptions>(async (context) => {
        const left = context.options.count === undefined ? Infinity : Number(context.options.count);
        if (!(left >= 1)) throw new CliError("USAGE", { detail: "--count is a number from 1." });
        await withClient(context, { phase: "member", share: true }, ({ client }) => follow(client, context, left));
      }),
    );
};

async function follow(client: HawserClient, context: Context<ListenOptions>, count: number): Promise<void> {
  const { output, signal, options } = context;
  const seen = new Set<string>();
  const teller = connectionTeller(context);
  let left = count;
  const print = async (message: MessageView): Promise<true | undefined> => {
    if (seen.has(message.id)) return undefined;
    seen.add(message.id);
    const chat = await client.conversation(message.conversation);
    output.event({ event: "message", ...messageFields(message) }, messageLine(message, output.paint, Date.now(), chat?.title));
    if (message.outgoing) return undefined;
    if (chat?.isRequest === true && options.accept === true) await client.acceptRequest(chat.id);
    else if (chat?.isRequest === true) output.note("  (A stranger. They learn that it arrived when you answer, or with --accept.)");
    if (options.markRead === true && (chat?.isRequest !== true || options.accept === true))
      await client.markRead(message.conversation, message.id);
    left -= 1;
    return left <= 0 ? true : undefined;
  };
  const backlog = async (): Promise<true | undefined> => {
    if (options.unread !== true) return undefined;
    for (const message of await unreadMessages(client)) if ((await print(message)) === true) return true;
    return undefined;
  };
  const probe = async (event: ClientEvent | undefined): Promise<true | undefined> => {
    if (event === undefined) {
      const state = await client.state();
      teller.see(state);
      for (const alert of state.deviceAlerts) showAlert(output, alert);
      return backlog();
    }
    if (event.type === "state") teller.see(event.state);
    if (event.type === "device-alert") showAlert(output, event.alert);
    if (event.type !== "message") return undefined;
    const { message, isNew } = event;
    if (isNew) return print(message);
    if (message.outgoing) output.event({ event: "delivery", id: message.id, chat: message.conversation, status: message.status });
    return undefined;
  };
  await waitFor(client, probe, { signal, deadlineMs: Infinity });
}

/** Oldest first, over all chats. */
async function unreadMessages(client: HawserClient): Promise<MessageView[]> {
  const found: MessageView[] = [];
  for (const { id, unread } of await allChats(client)) {
    if (unread === 0) continue;
    // Own messages may stand between unread ones.
    const { items } = await client.messages({ conversation: id, limit: MAX_UNREAD_PER_CHAT });
    found.push(...items.filter((message) => !message.outgoing).slice(0, unread));
  }
  return found.sort((a, b) => a.sentAtMs - b.sentAtMs);
}

const connectionTeller = ({ output }: Context): ConnectionTeller =>
  new ConnectionTeller({
    patienceMs: 0,
    say(event) {
      output.event(event);
      if (event.state === "online") output.note(output.paintNote.dim("Connected. Waiting for messages; Ctrl-C ends this."));
      if (event.state === "offline") output.note(output.paintNote.yellow("No connection. Nothing is lost; trying again."));
    },
    sayClock: (trouble) => output.note(output.paintNote.yellow(trouble)),
  });
