/** `hawser approve`: the phone's side of a link. Shows who asks, and decides. */
import { parseDeviceNumber } from "@hawser/base";
import type { ClientEvent, HawserClient, LinkStatus } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { followHistory } from "../profile/follow-history.ts";
import { waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { qrCode } from "../terminal/qr-code.ts";
import { safeName } from "../terminal/safe-text.ts";
import { linkEvent, queueLine } from "../views/link-view.ts";

interface ApproveOptions {
  readonly yes?: boolean;
  readonly name?: string;
  readonly history: boolean;
  readonly code?: string;
  readonly show?: boolean;
  readonly invert?: boolean;
  readonly restore?: string;
  readonly newPhone?: boolean;
}

/** Longer than every deadline of the ceremony, which come as failures of their own. */
const STAGE_DEADLINE_MS = 6 * 60_000;
const REFUSAL_DEADLINE_MS = 3_000;

export const approve: DefineCommand = (program, run) => {
  program
    .command("approve [uri]")
    .description("let the device that shows this code into the account (without URI: one line of standard input)")
    .option("--code <letters>", "the letters that the device shows, instead of its code")
    .option("--show", "show a code here, for the device to read (hawser link --scan, or its camera)")
    .option("--invert", "draw the code for a light terminal")
    .option("--restore <number>", "it is this device of the account, which has lost its storage: it goes on as that one")
    .option("--new-phone", "it is the account's next phone (there: hawser move), and gets the account's key")
    .option("-y, --yes", "do not ask; only for codes you made yourself")
    .option("--no-history", "do not stay until the old messages are handed over")
    .option("--name <name>", "call the device this instead of what it proposes")
    .action(
      run<ApproveOptions>(async (context) => {
        await withClient(context, { phase: "member", online: true, share: true }, async ({ client, state }) => {
          if (state.role !== "phone")
            throw new CliError("WRONG_ROLE", {
              detail: "Only the account's phone can let devices in.",
              next: "Run this on the phone's profile.",
            });
          await decide(client, context, await begin(client, context));
          if (context.options.history) await handOver(client, context);
        });
      }),
    );
};

/** However the device's code comes here: what follows is the same. */
async function begin(client: HawserClient, context: Context<ApproveOptions>): Promise<LinkStatus> {
  const { code, show } = context.options;
  if ([context.args[0], code, show].filter((given) => given !== undefined).length > 1)
    throw new CliError("USAGE", { detail: "More than one code was given.", next: "Give a link, or --code, or --show." });
  if (code !== undefined) return client.openTypedCode(code);
  if (show === true) return client.showReverseCode();
  return client.openLinkCode((context.args[0] ?? (await readCode(context))).trim());
}

/** A code for the other device's camera, and the text behind it. */
function draw({ output, options }: Context<ApproveOptions>, uri: string): void {
  if (output.json) return;
  const lines = qrCode(uri, { paint: output.paint, invert: options.invert ?? false });
  output.line(["", ...lines, "", "Hold this before the new device's camera, or run there: hawser link --scan", "", uri, ""].join("\n"));
}

async function readCode({ output, input, signal }: Context): Promise<string> {
  output.ask("The new device's code: ");
  const line = await input.next(signal);
  signal.throwIfAborted();
  if (line === undefined || line.trim() === "")
    throw new CliError("USAGE", { detail: "No code was given.", next: "Paste the link that the new device shows." });
  return line;
}

async function decide(client: HawserClient, context: Context<ApproveOptions>, opened: LinkStatus): Promise<void> {
  const { output, signal, options } = context;
  let last = opened;
  output.event(linkEvent(last));
  const reach = (stages: readonly LinkStatus["stage"][]) =>
    waitFor(
      client,
      async (event: ClientEvent | undefined) => {
        if (event !== undefined && event.type !== "link") return undefined;
        const status = event?.link ?? (await client.linkStatus()) ?? last;
        if (status.stage !== last.stage || status.queue?.place !== last.queue?.place) output.event(linkEvent(status));
        const line = status.queue?.place === last.queue?.place ? undefined : queueLine(status);
        if (line !== undefined) output.line(line);
        if (status.uri !== undefined && status.uri !== last.uri) draw(context, status.uri);
        last = status;
        if (status.stage === "failed") throw new CliError(status.error?.name ?? "INTERNAL");
        return stages.includes(status.stage) ? status : undefined;
      },
      { signal, deadlineMs: STAGE_DEADLINE_MS },
    );
  const reject = async (): Promise<void> => {
    if (last.attempt === undefined) return;
    await client.rejectLink(last.attempt).catch(() => undefined);
    // The refusal has left when no deadline is running for it any more; until then this process has to stay.
    const left = (event: ClientEvent | undefined) =>
      event?.type === "link" && event.link.stage === "failed" && event.link.deadlineMs === undefined ? true : undefined;
    await waitFor(client, left, { signal: new AbortController().signal, deadlineMs: REFUSAL_DEADLINE_MS });
  };

  try {
    const asking = await reach(["comparing"]);
    if (asking?.attempt === undefined) throw new CliError("REQUEST_DEADLINE");
    // The account's key is handed out only to whom it was meant for.
    if ((asking.peer?.kind === "phone") !== (options.newPhone === true)) {
      await reject();
      const isPhone = asking.peer?.kind === "phone";
      throw new CliError("WRONG_ROLE", {
        detail: isPhone ? "It wants to be the account's next phone, and would get the account's key." : "It does not ask to be a phone.",
        next: isPhone ? "If you are moving to it: hawser approve --new-phone." : "Leave --new-phone out.",
      });
    }
    if (!(await agrees(context, asking))) {
      await reject();
      throw new CliError("DECLINED", { detail: "You declined. The device was not let in." });
    }
    await client.approveLink(asking.attempt, {
      ...(options.name === undefined ? {} : { deviceName: options.name }),
      ...(options.restore === undefined ? {} : { restore: deviceNumber(options.restore) }),
      ...(options.newPhone === true ? { newPhone: true } : {}),
    });
    if ((await reach(["active"])) === undefined) throw new CliError("ACTIVATION_DEADLINE");
    const peerName = options.name ?? asking.peer?.name ?? "";
    output.event({ event: "approved", peerName }, output.paint.green(`✓ "${safeName(peerName)}" is linked.`));
  } catch (error) {
    if (signal.aborted && (last.stage === "comparing" || last.stage === "scanned")) await reject();
    else if (signal.aborted && last.attempt === undefined) await client.cancelLink().catch(() => undefined);
    throw error;
  }
}

function deviceNumber(text: string) {
  const number = parseDeviceNumber(Number(text));
  if (number === undefined) throw new CliError("USAGE", { detail: "That is no device number.", next: "See: hawser devices" });
  return number;
}

async function agrees({ output, input, signal, options }: Context<ApproveOptions>, { peer, matchCode }: LinkStatus): Promise<boolean> {
  output.note(
    [
      "A device asks to join your account:",
      `  device    ${output.paintNote.bold(safeName(peer?.name ?? "?"))}`,
      `  platform  ${safeName(peer?.platform ?? "?")}`,
      `  address   ${safeName(peer?.origin ?? "?")}`,
      `  code      ${output.paintNote.bold(matchCode ?? "?")}`,
    ].join("\n"),
  );
  if (options.yes === true) return true;
  output.ask("It will read and write in your name. Does it show the same code? [y/N] ");
  const answer = await input.next(signal);
  signal.throwIfAborted();
  return /^y(es)?$/i.test(answer?.trim() ?? "");
}

/** History leaves while this process runs. What is missing goes on the next time the phone is online. */
async function handOver(client: HawserClient, { output, signal }: Context): Promise<void> {
  const complete = await followHistory(client, output, signal);
  if (complete) output.line(output.paint.green("✓ The history is handed over."));
  else output.note("The history is not handed over yet. It goes on whenever this profile is online, for example with: hawser listen");
}
