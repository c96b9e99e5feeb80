/** `hawser`: the terminal client and the server. docs/CLI.md */
import { runCli } from "./run-cli.ts";

const exitCode = await runCli(process.argv.slice(2));
// A pipe may still hold what was printed; handles that a library left open must not keep the process alive.
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
process.exit(exitCode);
