/** Where a server's data is. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "../error-text.ts";

/** @throws CliError USAGE when it must hold a server's data and does not. */
export function dataFolder(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
  { mustExist }: { readonly mustExist: boolean },
): string {
  const folder = resolve(given ?? environment["HAWSER_DATA"] ?? ".hawser");
  if (mustExist && !existsSync(join(folder, "directory.db"))) {
    throw new CliError("USAGE", {
      detail: `No server has its data in ${folder}.`,
      next: "Say where it is with --data, or start it first: hawser serve",
    });
  }
  return folder;
}
