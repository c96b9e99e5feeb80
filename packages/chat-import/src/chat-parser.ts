/**
 * The incremental parser: text in, messages out. Memory is bounded by limits.ts whatever the file's size.
 * Invariant: the messages depend on the text and the options, never on how the text was cut into pushes.
 */
import { assert, type Bytes, err, ok, type Result } from "@hawser/base";
import { Assembler, type RawMessage } from "./assembler.ts";
import { classify } from "./classify.ts";
import { ContentIds } from "./content-id.ts";
import { DateOrderEvidence, type DateOrderDecision } from "./date-order.ts";
import { type ImportError } from "./import-error.ts";
import type { ImportedChat, ImportedMessage } from "./imported-chat.ts";
import { MAX_HELD_CHARS, MAX_HELD_MESSAGES } from "./limits.ts";
import { type CivilDate, civilDate, type DateOrder, type LocalDateTime } from "./local-date-time.ts";
import { ChatSurveyor, type ChatSurvey } from "./chat-survey.ts";

export interface ChatParserOptions {
  /** Names the chat for `contentId`. Two exports are recognised as one chat when this is equal. */
  readonly chatKey: string;
  readonly sha256: (data: Bytes) => Bytes;
  /** The caller's time zone: UTC milliseconds of a wall-clock time. */
  readonly toUtcMs: (local: LocalDateTime) => number;
  /** A person's word on the order of day and month; a contradiction is an error. */
  readonly dateOrder?: DateOrder;
  /** The survey of the same text. Without it the parser sees only what has passed so far. */
  readonly survey?: ChatSurvey;
  /** For `parseChatText`: the title, from the file's name. */
  readonly title?: string;
  /** When the import happens (UTC): later dates speak against an order. */
  readonly notAfterMs?: number;
}

export class ChatParser {
  readonly #options: ChatParserOptions;
  readonly #assembler: Assembler;
  readonly #evidence: DateOrderEvidence;
  readonly #ids: ContentIds;
  readonly #knownSenders: ReadonlySet<string> | undefined;
  readonly #groupTitle: string | undefined;
  #decision: DateOrderDecision | undefined;
  #held: RawMessage[] = [];
  #heldChars = 0;
  #index = 0;
  #failure: ImportError | undefined;
  #finished = false;

  constructor(options: ChatParserOptions) {
    this.#options = options;
    this.#ids = new ContentIds(options.chatKey, options.sha256);
    this.#evidence = new DateOrderEvidence(options.notAfterMs);
    this.#groupTitle = options.survey?.groupTitle;
    const { dateOrder, survey } = options;
    if (survey !== undefined) this.#knownSenders = new Set(survey.participants.map((participant) => participant.name));
    if (dateOrder !== undefined) this.#decision = { order: dateOrder, basis: "option", ambiguous: false, candidates: [dateOrder] };
    else this.#decision = survey?.dateOrder;
    this.#assembler = new Assembler(this.#decision?.order, dateOrder === undefined && survey !== undefined ? "text" : "refuse");
  }

  /** What the dates were read as; `undefined` as long as messages are held back for it. */
  get dateOrder(): DateOrderDecision | undefined {
    return this.#decision;
  }

  /** Messages completed by `text`. The last message stays inside until the next one begins. After an error, the same error. */
  push(text: string): Result<ImportedMessage[], ImportError> {
    assert(!this.#finished, "push after finish");
    if (this.#failure !== undefined) return err(this.#failure);
    const raw = this.#assembler.push(text);
    return raw.ok ? this.#take(raw.value, false) : this.#fail(raw.error);
  }

  /** The rest. Call once. */
  finish(): Result<ImportedMessage[], ImportError> {
    assert(!this.#finished, "finish twice");
    this.#finished = true;
    if (this.#failure !== undefined) return err(this.#failure);
    const raw = this.#assembler.finish();
    return raw.ok ? this.#take(raw.value, true) : this.#fail(raw.error);
  }

  #fail(error: ImportError): Result<never, ImportError> {
    this.#failure = error;
    this.#held = [];
    return err(error);
  }

  #take(raw: readonly RawMessage[], last: boolean): Result<ImportedMessage[], ImportError> {
    if (this.#decision !== undefined) return this.#readAll(raw, this.#decision.order);
    const out: ImportedMessage[] = [];
    for (const [at, message] of raw.entries()) {
      this.#held.push(message);
      this.#heldChars += message.body.length;
      this.#evidence.observe(message.header.fields, message.header.shape, message.header.twelveHour);
      const settled = this.#evidence.settled() !== undefined;
      if (settled || this.#held.length >= MAX_HELD_MESSAGES || this.#heldChars >= MAX_HELD_CHARS) {
        const released = this.#release();
        const rest = this.#readAll(raw.slice(at + 1), this.#evidence.decide().order);
        return released.ok && rest.ok ? ok([...released.value, ...rest.value]) : released.ok ? rest : released;
      }
    }
    return last ? this.#release() : ok(out);
  }

  #release(): Result<ImportedMessage[], ImportError> {
    this.#decision = this.#evidence.decide();
    this.#assembler.fixOrder(this.#decision.order);
    const held = this.#held;
    this.#held = [];
    return this.#readAll(held, this.#decision.order);
  }

  #readAll(raw: readonly RawMessage[], order: DateOrder): Result<ImportedMessage[], ImportError> {
    const out: ImportedMessage[] = [];
    for (const message of raw) {
      const date = civilDate(message.header.fields, order);
      if (date === undefined) return this.#fail({ kind: "date-order-contradicted", line: message.line });
      out.push(this.#read(message, date));
    }
    return ok(out);
  }

  #read(raw: RawMessage, date: CivilDate): ImportedMessage {
    const { hour, minute, second, bracketed } = raw.header;
    const sentAtMs = this.#options.toUtcMs({ ...date, hour, minute, second });
    assert(Number.isFinite(sentAtMs), "toUtcMs gives a finite number");
    const { kind, sender, text, attachment, edited } = classify(raw.body, {
      bracketed,
      ...(this.#knownSenders === undefined ? {} : { knownSenders: this.#knownSenders }),
      ...(this.#groupTitle === undefined ? {} : { groupTitle: this.#groupTitle }),
    });
    return {
      indexInFile: this.#index++,
      contentId: this.#ids.next(kind, sentAtMs, text),
      ...(sender === undefined ? {} : { sender }),
      sentAtMs,
      text,
      kind,
      ...(attachment === undefined ? {} : { attachment }),
      edited,
    };
  }
}

/** A whole text that is in memory anyway: surveyed, then parsed. */
export function parseChatText(text: string, options: ChatParserOptions): Result<ImportedChat, ImportError> {
  const surveyor = new ChatSurveyor(options);
  const pushed = surveyor.push(text);
  if (!pushed.ok) return pushed;
  const survey = surveyor.finish();
  if (!survey.ok) return survey;
  const parser = new ChatParser({ ...options, survey: survey.value });
  const most = parser.push(text);
  if (!most.ok) return most;
  const rest = parser.finish();
  if (!rest.ok) return rest;
  const { title } = survey.value;
  return ok({
    ...(title === undefined ? {} : { title }),
    participants: survey.value.participants.map((participant) => participant.name),
    dateOrder: parser.dateOrder ?? survey.value.dateOrder,
    messages: [...most.value, ...rest.value],
  });
}
