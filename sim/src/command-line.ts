/**
 * The words after `npm run sim --` and `npm run drill --`. A proof that was asked for nonsense proves nothing, so it does not run: one line
 * says what is wrong, the usage follows, and the status is 2.
 */
import { OperationalError } from "@hawser/base";

const USAGE_STATUS = 2;
/** Digits of the largest number taken; twice as large is still exact. */
const MAX_DIGITS = 15;

export class UsageError extends OperationalError {
  override readonly name = "UsageError";

  constructor(message: string) {
    super("USAGE", { message });
  }
}

export function wholeNumber(option: string, text: string, { min = 1, max = 10 ** MAX_DIGITS - 1 } = {}): number {
  const value = /^[0-9]+$/.test(text) && text.length <= MAX_DIGITS ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new UsageError(`${option} is a whole number from ${min} to ${max}, not "${text}".`);
  return value;
}

/** What `read` makes of the command line. Asked for help or told nonsense, the process ends here. */
export function readCommandLine<Options>(usage: string, read: (parameters: readonly string[]) => Options): Options {
  const parameters = process.argv.slice(2);
  if (parameters.includes("--help") || parameters.includes("-h")) {
    process.stdout.write(`${usage}\n`);
    process.exit();
  }
  try {
    return read(parameters);
  } catch (error) {
    if (!isUsage(error)) throw error;
    process.stderr.write(`${error.message.split("\n", 1)[0]}\n${usage}\n`);
    process.exit(USAGE_STATUS);
  }
}

/** Ours, or one of Node's `parseArgs`. */
function isUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
