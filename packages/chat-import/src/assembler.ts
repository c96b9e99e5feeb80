/**
 * Lines → raw messages: a header line opens a message, every other line continues it.
 * Invariant: line ends aside, the raw messages put together are the file (after its preamble).
 */
import { err, ok, type Result } from "@hawser/base";
import { type Header, readHeader } from "./header-layout.ts";
import { atLine, type ImportError } from "./import-error.ts";
import { MAX_MESSAGE_CHARS, MAX_MESSAGES, MAX_PREAMBLE_LINES } from "./limits.ts";
import { LineSplitter } from "./line-splitter.ts";
import { civilDate, type DateFields, type DateOrder, isOtherCalendar, possibleOrders } from "./local-date-time.ts";

export interface RawMessage {
  readonly header: Header;
  /** The header as written, to turn the message back into text should it prove to be a continuation. */
  readonly headerText: string;
  /** Everything behind the header, lines joined by "\n". */
  readonly body: string;
  /** 1-based line of the header. */
  readonly line: number;
}

interface OpenMessage {
  readonly header: Header;
  readonly headerText: string;
  readonly line: number;
  readonly parts: string[];
  chars: number;
}

export class Assembler {
  readonly #splitter = new LineSplitter();
  #order: DateOrder | undefined;
  #impossible: "text" | "refuse";
  #open: OpenMessage | undefined;
  #shape: string | undefined;
  #line = 0;
  #preamble = 0;
  #messages = 0;
  #sawText = false;

  /**
   * With an order, a header whose date is impossible in it is text when the whole file was weighed before (somebody typed
   * it), and `date-order-contradicted` when the order is a person's word or an early guess.
   */
  constructor(order?: DateOrder, impossible: "text" | "refuse" = "refuse") {
    this.#order = order;
    this.#impossible = impossible;
  }

  /** From now on only dates possible in `order` are accepted. */
  fixOrder(order: DateOrder): void {
    this.#order = order;
  }

  get shape(): string | undefined {
    return this.#shape;
  }

  push(text: string): Result<RawMessage[], ImportError> {
    const lines = this.#splitter.push(text);
    return lines.ok ? this.#take(lines.value) : lines;
  }

  finish(): Result<RawMessage[], ImportError> {
    const lines = this.#splitter.finish();
    if (!lines.ok) return lines;
    const taken = this.#take(lines.value);
    if (!taken.ok) return taken;
    const last = this.#close();
    if (last !== undefined) return ok([...taken.value, last]);
    return err({ kind: this.#sawText ? "not-a-chat" : "empty-file" });
  }

  #take(lines: readonly string[]): Result<RawMessage[], ImportError> {
    const done: RawMessage[] = [];
    for (const line of lines) {
      this.#line += 1;
      const header = readHeader(line);
      if (header !== undefined && (this.#shape === undefined || header.shape === this.#shape)) {
        if (this.#shape === undefined && isOtherCalendar(header.fields)) return err(atLine("unsupported-calendar", this.#line));
        if (this.#isDate(header.fields)) {
          const closed = this.#close();
          if (closed !== undefined) done.push(closed);
          this.#messages += 1;
          if (this.#messages > MAX_MESSAGES) return err(atLine("too-many-messages", this.#line));
          this.#begin(header, line);
          continue;
        }
        if (this.#contradicts(header.fields)) return err(atLine("date-order-contradicted", this.#line));
      }
      const refused = this.#continue(line);
      if (refused !== undefined) return err(refused);
    }
    return ok(done);
  }

  #isDate(fields: DateFields): boolean {
    return this.#order === undefined ? isDateInSomeOrder(fields) : civilDate(fields, this.#order) !== undefined;
  }

  /** Called for fields that are no date in the order. */
  #contradicts(fields: DateFields): boolean {
    return this.#order !== undefined && this.#impossible === "refuse" && isDateInSomeOrder(fields);
  }

  #begin(header: Header, line: string): void {
    this.#sawText = true;
    this.#shape ??= header.shape;
    const body = line.slice(header.restAt);
    this.#open = { header, headerText: line.slice(0, header.restAt), line: this.#line, parts: [body], chars: body.length };
  }

  #continue(line: string): ImportError | undefined {
    const open = this.#open;
    if (open === undefined) {
      if (line.trim() === "") return undefined;
      this.#sawText = true;
      this.#preamble += 1;
      return this.#preamble > MAX_PREAMBLE_LINES ? atLine("not-a-chat", this.#line) : undefined;
    }
    open.parts.push(line);
    open.chars += line.length + 1;
    return open.chars > MAX_MESSAGE_CHARS ? atLine("message-too-long", open.line) : undefined;
  }

  #close(): RawMessage | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    this.#open = undefined;
    const body = open.parts.length === 1 ? open.parts[0]! : open.parts.join("\n");
    return { header: open.header, headerText: open.headerText, body, line: open.line };
  }
}

const isDateInSomeOrder = (fields: DateFields): boolean => possibleOrders(fields).some((order) => civilDate(fields, order) !== undefined);
