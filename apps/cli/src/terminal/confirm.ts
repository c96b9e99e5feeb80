/** Before anything that signs a device out: a question, unless the command line has answered it. */
import type { Context } from "../context.ts";
import { CliError } from "../error-text.ts";

/** @throws CliError NOT_CONFIRMED unless a person says yes, or `--yes` did. */
export async function confirm(
  { output, input, signal, options }: Context<{ readonly yes?: boolean }>,
  question: string,
  warning?: string,
): Promise<void> {
  if (options.yes === true) return;
  if (warning !== undefined) output.note(output.paintNote.yellow(warning));
  output.ask(`${question} [y/N] `);
  const answer = await input.next(signal);
  signal.throwIfAborted();
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) throw new CliError("NOT_CONFIRMED", { next: "Without a question: --yes" });
}
