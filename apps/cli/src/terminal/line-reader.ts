/** Standard input, a line at a time or whole; what is not asked for stays unread. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** A person or a pipe that sends more than this without a line's end is not answering a question. */
const MAX_LINE_LENGTH = 65_536;

export class LineReader {
  readonly #input: Readable;
  #lines: AsyncIterator<string> | undefined;

  constructor(input: Readable) {
    this.#input = input;
  }

  /** The next line without its end; `undefined` at the end of the input or when `signal` aborts. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    this.#lines ??= createInterface({ input: this.#input, crlfDelay: Infinity })[Symbol.asyncIterator]();
    if (signal.aborted) return undefined;
    const aborted = Promise.withResolvers<undefined>();
    const onAbort = (): void => aborted.resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const result = await Promise.race([this.#lines.next(), aborted.promise]);
      return result === undefined || result.done === true ? undefined : result.value.slice(0, MAX_LINE_LENGTH);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Everything up to the end as UTF-8; `undefined` when it is more than `maxSizeBytes`. */
  async rest(maxSizeBytes: number): Promise<string | undefined> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of this.#input as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > maxSizeBytes) return undefined;
    }
    return Buffer.concat(chunks).toString("utf8");
  }
}
