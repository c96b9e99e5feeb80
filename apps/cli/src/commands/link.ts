/** `hawser link`: makes this profile a companion. Draws the code, shows the stages, waits until the link is active. */
import { OperationalError } from "@hawser/base";
import type { ClientEvent, HawserClient, LinkStage, LinkStatus } from "@hawser/sdk";
import { describeNodePlatform, proposedDeviceName } from "@hawser/sdk/node";
import type { Context, DefineCommand } from "../context.ts";
import { CliError, describeError } from "../error-text.ts";
import { EXIT } from "../exit-codes.ts";
import { followHistory } from "../profile/follow-history.ts";
import { ConnectionTeller } from "../profile/connection-teller.ts";
import type { ProfilePlace } from "../profile/profile-folder.ts";
import { untilReachable, waitFor } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { linkEvent, queueLine, stageLine } from "../views/link-view.ts";
import { qrCode } from "../terminal/qr-code.ts";

export interface LinkOptions {
  readonly deviceName: string;
  readonly history: boolean;
  readonly invert?: boolean;
  readonly scan?: string;
}

/** The whole ceremony has its own deadlines, each shorter; this one only makes sure that there is an end. */
const CEREMONY_DEADLINE_MS = 60 * 60_000;
const ANSWER_DEADLINE_MS = 30_000;
/** As long as the web app: shorter interruptions heal before anyone has read about them. */
const SAY_OFFLINE_AFTER_MS = 1_500;
/** Stages that may be given up without leaving the other side in doubt. */
const CANCELLABLE: ReadonlySet<LinkStage> = new Set(["preparing", "waiting-for-scan", "scanned", "comparing", "paused"]);

export const link: DefineCommand = (program, run) => {
  program
    .command("link")
    .description("join this terminal to a phone's account, as a companion")
    .option("--device-name <name>", "what this device is called", proposedDeviceName())
    .option("--no-history", "do not wait for the old messages")
    .option("--scan <text>", "answer the code that a phone shows (hawser approve --show) instead of waiting for a scan")
    .option("--invert", "draw the code for a light terminal")
    .action(
      run<LinkOptions>(async (context) => {
        return withClient(context, { phase: "none", share: true }, async ({ client, place }) => {
          await ceremony(client, context, place);
          const self = (await client.state()).self!;
          context.output.event(
            { event: "linked", account: self.account, device: self.device },
            context.output.paint.green(`✓ Linked to @${self.handle}.`),
          );
          await untilReachable(client, context.signal);
          if (!context.options.history) return EXIT.ok;
          if (!(await followHistory(client, context.output, context.signal))) throw new CliError("HISTORY_WAITING");
          context.output.line(context.output.paint.green("✓ History is complete."));
          return EXIT.ok;
        });
      }),
    );
};

export async function ceremony(
  client: HawserClient,
  context: Context<LinkOptions>,
  place: ProfilePlace,
  as: "companion" | "phone" = "companion",
): Promise<void> {
  const { output, signal, options } = context;
  const { show, note } = screen(context);
  const teller = new ConnectionTeller({
    patienceMs: SAY_OFFLINE_AFTER_MS,
    say(event, again) {
      output.event(event);
      if (event.state === "offline") {
        const why = describeError(new OperationalError(event.error ?? "UNREACHABLE")).message;
        note(output.paintNote.yellow(`No connection to ${place.server}: ${why} Trying again; until then no code can be answered.`));
        note("  Another address: --server URL. Whose trouble it is: hawser doctor");
      } else if (event.state === "online" && again) note("Connected.");
    },
    sayClock: (trouble) => note(output.paintNote.yellow(trouble)),
  });
  const begin = () => client.startLink({ deviceName: options.deviceName, platform: describeNodePlatform(), typedCode: true, as });
  let last: LinkStatus = await begin();
  if (options.scan !== undefined) await answerPhone(client, options.scan, signal);
  const probe = async (event: ClientEvent | undefined): Promise<"active" | "paused" | undefined> => {
    if (event === undefined) teller.see(await client.state());
    else if (event.type === "state") teller.see(event.state);
    if (event !== undefined && event.type !== "link") return undefined;
    last = event?.link ?? (await client.linkStatus()) ?? last;
    show(last);
    if (last.stage === "failed") throw new CliError(last.error?.name ?? "INTERNAL");
    return last.stage === "active" || last.stage === "paused" ? last.stage : undefined;
  };
  try {
    for (;;) {
      const outcome = await waitFor(client, probe, { signal, deadlineMs: CEREMONY_DEADLINE_MS });
      if (outcome === "active") return;
      if (outcome === undefined) throw new CliError("SCAN_DEADLINE");
      output.ask("Press Enter for a new code. ");
      if ((await context.input.next(signal)) === undefined) throw signal.aborted ? (signal.reason as Error) : new CliError("SCAN_DEADLINE");
      last = await begin();
    }
  } catch (error) {
    if (CANCELLABLE.has(last.stage)) await client.cancelLink().catch(() => undefined);
    throw error;
  } finally {
    teller.stop();
  }
}

/** The phone shows the code here, and gets the one that this device made. */
async function answerPhone(client: HawserClient, text: string, signal: AbortSignal): Promise<void> {
  const isReady = async (): Promise<true | undefined> => ((await client.linkStatus())?.uri === undefined ? undefined : true);
  await waitFor(client, isReady, { signal, deadlineMs: ANSWER_DEADLINE_MS });
  await client.openReverseCode(text.trim());
}

/** Shows each stage once, and a new code in the place of the old one. */
function screen({ output, options }: Context<LinkOptions>) {
  let shown = "";
  let drawnLines = 0;
  let drawnUri = "";
  const note = (text: string): void => {
    drawnLines = 0;
    output.note(text);
  };
  const show = (status: LinkStatus): void => {
    const event = linkEvent(status);
    const text = JSON.stringify({ ...event, deadlineMs: null });
    if (text === shown) return;
    shown = text;
    if (output.json) return output.event(event);
    if (status.stage === "waiting-for-scan" && status.uri !== undefined && status.queue === undefined) {
      const letters = status.typedCode === undefined ? [] : [`Or type this on the phone:  ${output.paint.bold(status.typedCode)}`, ""];
      // The letters come a moment later than the code. Where nothing can be drawn over, they are added.
      if (!output.interactive && status.uri === drawnUri) return letters.forEach((line) => output.line(line));
      drawnUri = status.uri;
      const lines = [
        "",
        ...qrCode(status.uri, { paint: output.paint, invert: options.invert ?? false }),
        "",
        "On the phone: Devices, Link a device, and scan this. Or paste this there, or run",
        "hawser approve with it:",
        "",
        status.uri,
        "",
        ...letters,
      ];
      // Only what nothing was printed after may be drawn over.
      const above = output.interactive && drawnLines > 0 ? `\x1b[${drawnLines}A\x1b[J` : "";
      output.line(above + lines.join("\n"));
      drawnLines = lines.reduce((sum, line) => sum + (line === status.uri ? Math.ceil(line.length / output.columns) : 1), 0);
      return;
    }
    drawnLines = 0;
    const line = queueLine(status) ?? stageLine(status, output.paint);
    if (line !== undefined) output.line(line);
  };
  return { show, note };
}
