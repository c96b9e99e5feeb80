/** The body of an answer as its reader gets it: pieces as they come, then an end or a failure. */
import type { Bytes } from "@hawser/base";

export class AnswerBody implements AsyncIterable<Bytes> {
  readonly #pieces: Bytes[] = [];
  #end: { readonly failure: Error | undefined } | undefined;
  #wake = (): void => undefined;

  push(piece: Bytes): void {
    this.#pieces.push(piece);
    this.#wake();
  }

  end(failure?: Error): void {
    this.#end ??= { failure };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) yield piece;
      else if (this.#end === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (this.#end.failure === undefined) return;
      else throw this.#end.failure;
    }
  }
}
