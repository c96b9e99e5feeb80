/** The server in this process, until it is told to stop. Loaded by `hawser serve` only: other commands start faster without it. */
import { relative } from "node:path";
import { OperationalError } from "@hawser/base";
import { type RunningServer, startServer } from "@hawser/server";
import type { Context } from "../context.ts";
import { type Demo, startDemo } from "../demo/demo.ts";
import { CliError } from "../error-text.ts";
import { showDemo, showServing } from "./banner.ts";
import { type ServeOptions, type ServerSettings, serverSettings } from "./server-settings.ts";

export async function runServer(context: Context<ServeOptions>): Promise<void> {
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
}

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
