/** The server's end of one HTTP answer, as Node's `ServerResponse` behaves: it closes once, behind whatever was written. */
import { type Bytes, utf8 } from "@hawser/base";
import type { FrameAnswer } from "@hawser/server/http/downlinks";
import type { Machine } from "./machine.ts";

/** Where it goes; nowhere when nobody reads it. */
export interface AnswerSink {
  begins(status: number): void;
  writes(piece: Bytes): void;
  ends(): void;
}

export class ServerAnswer implements FrameAnswer {
  readonly machine: Machine;
  readonly #life: number;
  readonly #sink: AnswerSink | undefined;
  readonly #listeners: (() => void)[] = [];
  #isEnded = false;
  isClosed = false;

  constructor(machine: Machine, sink: AnswerSink | undefined) {
    this.machine = machine;
    this.#life = machine.life;
    this.#sink = sink;
  }

  writeHead(status: number): void {
    if (!this.#isEnded) this.#sink?.begins(status);
  }

  write(chunk: string | Uint8Array): void {
    if (!this.#isEnded) this.#sink?.writes(typeof chunk === "string" ? utf8(chunk) : Uint8Array.from(chunk));
  }

  end(chunk?: string | Uint8Array, done?: () => void): void {
    if (this.#isEnded) return;
    if (chunk !== undefined && chunk.length > 0) this.write(chunk);
    this.#isEnded = true;
    this.#sink?.ends();
    this.#soon(() => {
      done?.();
      this.close();
    });
  }

  on(_event: "close", listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The request is over: its way broke, or whoever asked went away. */
  closeSoon(): void {
    this.#soon(() => this.close());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#isEnded = true;
    for (const listener of this.#listeners) listener();
  }

  #soon(callback: () => void): void {
    this.machine.scheduler.after(0, () => this.machine.enter(this.#life, callback));
  }
}
