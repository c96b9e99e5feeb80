/** `hawser serve`: its options. */
import { Option } from "commander";
import type { DefineCommand } from "../context.ts";
import type { ServeOptions } from "../serving/server-settings.ts";

const repeated = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

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
    .option("--trusted-proxy <network>", "believe X-Forwarded-For from here; may be repeated (default: $HAWSER_TRUSTED_PROXIES)", repeated)
    .option("--link-node <origin>", "another server that relays links when this one's linking does not answer; may be repeated", repeated)
    .option("--link-for <origin>", "relay links for pages of this origin; may be repeated", repeated)
    .action(
      run<ServeOptions>(async (context) => {
        const { runServer } = await import("../serving/run-server.ts");
        return runServer(context);
      }),
    );
};
