/** `hawser`: the terminal client and the server. docs/CLI.md */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// A third of a short command's time is reading its own source. Not in the folder for temporary files: others could write there first.
enableCompileCache(join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "hawser", "compiled"));
const { runCli } = await import("./run-cli.ts");

const exitCode = await runCli(process.argv.slice(2));
// A pipe may still hold what was printed; handles that a library left open must not keep the process alive.
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
process.exit(exitCode);
