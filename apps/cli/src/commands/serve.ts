/** `hawser serve`: the server in this process, until it is told to stop. */
import { relative } from "node:path";
import { OperationalError } from "@hawser/base";
import { type RunningServer, startServer } from "@hawser/server";
import { Option } from "commander";
import type { Context, DefineCommand } from "../context.ts";
import { type Demo, startDemo } from "../demo/demo.ts";
import { CliError } from "../error-text.ts";
import { showDemo, showServing } from "../serving/banner.ts";
import { type ServeOptions, type ServerSettings, serverSettings } from "../serving/server-settings.ts";

export const serve: DefineCommand = (program, run) => {
  program
    .command("serve")
    .description("run a server: stores, protocol and web app in one process")
    .option("--host <address>", "where to listen (default: 127.0.0.1, with --lan every address)")
    .option("--port <number>", "0 for any free one", "8787")
    .option("--data <folder>", "where everything is kept (default: $HAWSER_DATA or .hawser)")
    .option("--origin <url>", "what people have in the address bar, behind a proxy (default: $HAWSER_ORIGIN)")
    .addOption(new Option("--registration <who>", "who may make an account").choices(["open", "invitation", "code"]).default("open"))
    .option("--lan", "HTTPS for phones on this network, with a certificate of its own")
    .option("--demo", "two accounts with history, to look around with")
    .addOption(
      new Option("--log-level <level>", "on standard error (default: warn in a terminal, else info)").choices([
        "debug",
        "info",
        "warn",
        "error",
        "silent",
      ]),
    )
    .option("--web-root <folder>", "the built web app (default: the one beside this program)")
    .option(
      "--trusted-proxy <network>",
      "believe X-Forwarded-For from here; may be repeated (default: $HAWSER_TRUSTED_PROXIES)",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .action(
      run<ServeOptions>(async (context) => {
        const { output, signal, options, environment } = context;
        if (options.demo === true && options.registration === "code") {
          throw new CliError("USAGE", {
            detail: "--demo makes accounts by itself, which one-time codes do not allow.",
            next: "Use --registration open or invitation.",
          });
        }
        const settings = serverSettings(options, environment, process.stderr.isTTY === true);
        const server = await start(settings);
        let demo: Demo | undefined;
        try {
          announce(context, server, settings);
          if (options.demo === true) {
            output.note("Preparing two demo accounts …");
            demo = await startDemo({ server, settings, signal });
            showDemo(
              output,
              demo.accounts.map((account) => ({ ...account, profile: shortest(account.profile) })),
            );
          }
          output.line(output.paint.dim("  Ctrl-C stops it."));
          await untilAborted(signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        } finally {
          output.note("Stopping …");
          await demo?.stop();
          await server.stop();
        }
        output.event({ event: "stopped", reason: (signal.reason as OperationalError).code }, "Stopped. Everything is on disk.");
      }),
    );
};

async function start({ server }: ServerSettings): Promise<RunningServer> {
  try {
    return await startServer(server);
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === "EADDRINUSE")
      throw new CliError("ADDRESS_IN_USE", { detail: `Another program listens on port ${server.port} of ${server.host}.`, cause });
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") throw new CliError("ADDRESS_UNAVAILABLE", { cause });
    if (cause instanceof OperationalError && cause.message.includes("another server")) throw new CliError("DATA_LOCKED", { cause });
    throw cause;
  }
}

function announce({ output }: Context, server: RunningServer, { server: options, fingerprint }: ServerSettings): void {
  showServing(output, {
    origin: server.origin,
    data: shortest(options.dataDir),
    registration: options.registration,
    hasWebApp: options.webRoot !== undefined,
    fingerprint,
    loopbackOnly: options.host === "127.0.0.1" || options.host === "localhost" || options.host === "::1",
  });
}

/** A path as one would type it here. */
function shortest(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== "" && near.length < path.length && !near.startsWith("..") ? near : path;
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    // Keeps the process alive even when nothing else does.
    const awake = setInterval(() => {}, 60_000);
    const end = (): void => {
      clearInterval(awake);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
