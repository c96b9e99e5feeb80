/** `hawser approve`: the phone's side of a link. Shows who asks, and decides. */
import { type DeviceNumber, OperationalError } from "@hawser/base";
import type { ClientEvent, HawserClient, LinkStatus } from "@hawser/sdk";
import type { Context, DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { followHistory } from "../profile/follow-history.ts";
import { waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { qrCode } from "../terminal/qr-code.ts";
import { safeName } from "../terminal/safe-text.ts";
import { linkEvent, queueLine } from "../views/link-view.ts";
import { chooseLeaving, companionNumber, deviceNumber } from "./leaving-device.ts";

interface ApproveOptions {
  readonly yes?: boolean;
  readonly name?: string;
  readonly history: boolean;
  readonly code?: string;
  readonly show?: boolean;
  readonly invert?: boolean;
  readonly restore?: string;
  readonly remove?: string;
  readonly newPhone?: boolean;
  readonly digits?: string;
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
    .option("--remove <number>", "this device leaves as the new one comes in; asked for where the account has no room for one more")
    .option("--new-phone", "it is the account's next phone (there: hawser move), and gets the account's key")
    .option(
      "--digits <digits>",
      "the six digits on the device's screen; asked for where the account has a passkey and the device shows none",
    )
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
          if (context.options.remove !== undefined) companionNumber(await client.devices(), context.options.remove);
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
  const reject = async (reason?: "DEVICE_LIMIT"): Promise<void> => {
    if (last.attempt === undefined) return;
    await client.rejectLink(last.attempt, reason).catch(() => undefined);
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
    const word = await agrees(context, await passkeyAnswered(client, context, asking));
    if (word === undefined) {
      await reject();
      throw new CliError("DECLINED", { detail: "You declined. The device was not let in." });
    }
    let remove = options.remove === undefined ? undefined : (deviceNumber(options.remove) as DeviceNumber | undefined);
    // The list may turn out to be full only as it is signed: then the same device asks once more.
    for (let reached: LinkStatus | undefined = asking; reached?.stage !== "active";) {
      if (reached.needsRemoval === true && options.restore === undefined && (reached !== asking || remove === undefined))
        remove = await chooseLeaving(client, context);
      await client.approveLink(asking.attempt, {
        ...(options.name === undefined ? {} : { deviceName: options.name }),
        ...(options.restore === undefined ? {} : { restore: deviceNumber(options.restore) }),
        ...(remove === undefined ? {} : { remove }),
        ...(options.newPhone === true ? { newPhone: true } : {}),
        ...word,
      });
      reached = await reach(["active", "comparing"]);
      if (reached === undefined) throw new CliError("ACTIVATION_DEADLINE");
    }
    const peerName = options.name ?? asking.peer?.name ?? "";
    output.event({ event: "approved", peerName }, output.paint.green(`✓ "${safeName(peerName)}" is linked.`));
  } catch (error) {
    // Nobody is left waiting for somebody who has gone.
    if (error instanceof OperationalError && ["MATCH_CODE_WRONG", "UNKNOWN_DEVICE"].includes(error.code)) await reject();
    if (error instanceof OperationalError && error.code === "DEVICE_LIMIT") await reject("DEVICE_LIMIT");
    if (signal.aborted && (last.stage === "comparing" || last.stage === "scanned")) await reject();
    else if (signal.aborted && last.attempt === undefined) await client.cancelLink().catch(() => undefined);
    throw error;
  }
}

/** How long the other side may take with its passkey: less than the phone's own deadline. */
const PASSKEY_DEADLINE_MS = 100_000;

/** Where the other side is asked for the account's passkey, its answer is awaited, unless the digits were given. */
async function passkeyAnswered(
  client: HawserClient,
  { output, signal, options }: Context<ApproveOptions>,
  asking: LinkStatus,
): Promise<LinkStatus> {
  if (asking.passkeyCheck?.state !== "awaited" || options.digits !== undefined) return asking;
  output.note("The account has a passkey. Waiting for the new device to show it …");
  const answered = async (event: ClientEvent | undefined): Promise<LinkStatus | undefined> => {
    const status = event?.type === "link" ? event.link : await client.linkStatus();
    if (status?.stage === "failed") throw new CliError(status.error?.name ?? "INTERNAL");
    return status?.passkeyCheck?.state === "awaited" ? undefined : status;
  };
  const status = (await waitFor(client, answered, { signal, deadlineMs: PASSKEY_DEADLINE_MS })) ?? asking;
  output.event(linkEvent(status));
  return status;
}

/** What the approval says of the digits; `undefined`: the person says no. */
async function agrees(
  { output, input, signal, options }: Context<ApproveOptions>,
  { peer, matchCode, passkeyCheck }: LinkStatus,
): Promise<{ readonly typedCode?: string } | undefined> {
  const types = passkeyCheck !== undefined && passkeyCheck.state !== "verified";
  output.note(
    [
      "A device asks to join your account:",
      `  device    ${output.paintNote.bold(safeName(peer?.name ?? "?"))}`,
      `  platform  ${safeName(peer?.platform ?? "?")}`,
      `  address   ${safeName(peer?.origin ?? "?")}`,
      ...(types ? [] : [`  code      ${output.paintNote.bold(matchCode ?? "?")}`]),
      ...(passkeyCheck?.state === "verified" ? ["  passkey   shown, at our address"] : []),
    ].join("\n"),
  );
  if (options.digits !== undefined) return { typedCode: options.digits };
  if (types) {
    output.note("It has not shown the account's passkey. A fake login page never can. Go on only if the device stands before you.");
    output.ask("The six digits on its screen (empty: no): ");
    const typedCode = (await input.next(signal))?.trim() ?? "";
    signal.throwIfAborted();
    return typedCode === "" ? undefined : { typedCode };
  }
  if (options.yes === true) return {};
  output.ask("It will read and write in your name. Does it show the same code? [y/N] ");
  const answer = await input.next(signal);
  signal.throwIfAborted();
  return /^y(es)?$/i.test(answer?.trim() ?? "") ? {} : undefined;
}

/** History leaves while this process runs. What is missing goes on the next time the phone is online. */
async function handOver(client: HawserClient, { output, signal }: Context): Promise<void> {
  const complete = await followHistory(client, output, signal);
  if (complete) output.line(output.paint.green("✓ The history is handed over."));
  else output.note("The history is not handed over yet. It goes on whenever this profile is online, for example with: hawser listen");
}
