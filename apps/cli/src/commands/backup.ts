/** `hawser backup`, `hawser restore`: a server's data, copied and put back. docs/OPERATIONS.md, "Backups". */
import { OperationalError } from "@hawser/base";
import type { DefineCommand } from "../context.ts";
import { CliError } from "../error-text.ts";
import { dataFolder } from "../serving/data-folder.ts";
import { formatCount } from "../terminal/progress-bar.ts";
import { formatSize } from "../views/message-view.ts";

interface DataOption {
  readonly data?: string;
}

export const backupServer: DefineCommand = (program, run) => {
  program
    .command("backup <folder>")
    .description("copy a server's data into an empty folder, on the server's machine; the server may be running")
    .option("--data <folder>", "the server's data folder (default: $HAWSER_DATA or .hawser)")
    .action(
      run<DataOption>(async ({ output, args, options, environment }) => {
        const { backup } = await import("@hawser/server");
        const folder = args[0]!;
        const { stores, blobs } = await withReason(() => backup(dataFolder(options.data, environment, { mustExist: true }), folder));
        const storedBytes = Object.values(stores).reduce((sum, store) => sum + store.sizeBytes, 0);
        output.event(
          { event: "backup", folder },
          `✓ Copied ${formatSize(storedBytes)} of stores and ${formatCount(blobs.count)} files (${formatSize(blobs.sizeBytes)}) to ${folder}.`,
        );
      }),
    );

  program
    .command("restore <folder>")
    .description("put a backup into an empty data folder; then start the server on it")
    .option("--data <folder>", "the new data folder (default: $HAWSER_DATA or .hawser)")
    .action(
      run<DataOption>(async ({ output, args, options, environment }) => {
        const { restore } = await import("@hawser/server");
        const folder = args[0]!;
        const target = dataFolder(options.data, environment, { mustExist: false });
        const { createdAt } = await withReason(async () => restore(folder, target));
        output.event(
          { event: "restored", folder },
          `✓ The backup of ${createdAt} is in ${target}. Devices send again what the server has lost since.`,
        );
      }),
    );
};

/** The server's own sentence says exactly what is wrong with which folder. */
async function withReason<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof OperationalError)) throw cause;
    throw new CliError("STORE_UNAVAILABLE", {
      detail: `${cause.message[0]!.toUpperCase()}${cause.message.slice(1)}.`,
      next: "Nothing was changed.",
      cause,
    });
  }
}
