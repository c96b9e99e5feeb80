/** From words to an exit status: parses the command line, runs one command, says what went wrong. Never throws. */
import { PROGRAM_VERSION } from "@hawser/base/version";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/index.ts";
import type { Context, GlobalOptions, Run } from "./context.ts";
import { CliError } from "./error-text.ts";
import { EXIT } from "./exit-codes.ts";
import { RevokedError } from "./profile/revoked-error.ts";
import { LineReader } from "./terminal/line-reader.ts";
import { Output } from "./terminal/output.ts";

const HELP_CODES = new Set(["commander.helpDisplayed", "commander.help", "commander.version"]);

export async function runCli(parameters: readonly string[]): Promise<number> {
  const json = parameters.includes("--json");
  const output = new Output({ json, stdout: process.stdout, stderr: process.stderr, environment: process.env });
  const interruption = watchSignals();
  endWithReader();
  let exitCode: number = EXIT.ok;

  const run: Run =
    (body) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const context: Context<never> = {
        output,
        input: new LineReader(process.stdin),
        signal: interruption.signal,
        args: given
          .slice(0, -2)
          .flat()
          .filter((value) => typeof value === "string"),
        options: command.opts<never>(),
        globals: command.optsWithGlobals<GlobalOptions>(),
        environment: process.env,
      };
      exitCode = (await body(context)) ?? EXIT.ok;
    };

  try {
    await buildProgram(run, output).parseAsync(parameters, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (HELP_CODES.has(error.code)) return EXIT.ok;
      if (json) output.error(new CliError("USAGE", { detail: error.message.replace(/^error: /, "") }));
      return EXIT.usage;
    }
    if (error instanceof RevokedError) {
      const { revokedAtMs, revokedBy, revokedByName, reason } = error.revocation;
      output.event({ event: "signed-out", revokedAtMs, revokedBy, revokedByName, reason });
    }
    return output.error(error);
  } finally {
    interruption.stop();
  }
}

function buildProgram(run: Run, output: Output): Command {
  const program = new Command("hawser")
    .description("Hawser in the terminal: the server, and a client that is a phone or a linked companion.")
    .version(PROGRAM_VERSION)
    .option("--profile <folder>", "where this device's keys and messages are (default: $HAWSER_PROFILE or ~/.hawser/default)")
    .option("--server <url>", "the server's address (default: the profile's own, $HAWSER_SERVER or http://127.0.0.1:8787)")
    .option("--ca <file>", "a certificate (PEM) to trust, for servers that made their own")
    .option("--json", "print one event a line, see docs/CLI.md")
    .showHelpAfterError("(hawser --help lists what there is)")
    .exitOverride()
    .configureOutput({ writeErr: (text) => (output.json ? undefined : process.stderr.write(text)) });
  for (const define of COMMANDS) define(program, run);
  program.addHelpText("after", "\nNo account yet? hawser account create HANDLE makes one, hawser link joins this terminal to a phone.");
  for (const command of allCommands(program))
    command.exitOverride().configureOutput({ writeErr: (text) => (output.json ? undefined : process.stderr.write(text)) });
  return program;
}

const allCommands = (command: Command): Command[] => command.commands.flatMap((child) => [child, ...allCommands(child)]);

/** The first Ctrl-C or SIGTERM asks the command to end; the second one ends the process. */
function watchSignals(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const status = name === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    if (controller.signal.aborted) process.exit(status);
    controller.abort(new CliError(name === "SIGINT" ? "INTERRUPTED" : "TERMINATED"));
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/** `hawser listen | head`: whoever read is gone, so there is nobody left to tell. */
function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.storage));
}
