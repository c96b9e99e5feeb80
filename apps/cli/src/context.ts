/** What a command is given. */
import type { Command } from "commander";
import type { LineReader } from "./terminal/line-reader.ts";
import type { Output } from "./terminal/output.ts";

export interface GlobalOptions {
  readonly profile?: string;
  readonly server?: string;
  readonly ca?: string;
  readonly json?: boolean;
}

export interface Context<Options = object> {
  readonly output: Output;
  readonly input: LineReader;
  /** Aborts when a person or the system wants the command to end. */
  readonly signal: AbortSignal;
  readonly args: readonly string[];
  readonly options: Options;
  readonly globals: GlobalOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/** Makes a commander action of a body that may return an exit status (0 when it does not). */
export type Run = <Options = object>(body: (context: Context<Options>) => Promise<number | void>) => (...given: unknown[]) => Promise<void>;

/** Adds one command to the program. */
export type DefineCommand = (program: Command, run: Run) => void;
