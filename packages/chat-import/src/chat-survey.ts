/**
 * The first pass over a chat: everything that only the whole file can tell. Bounded memory.
 * A survey is what the person confirms (who am I, which date order) before anything is imported.
 */
import { err, ok, type Result } from "@hawser/base";
import { Assembler, type RawMessage } from "./assembler.ts";
import { dateInFileName } from "./attachment-name.ts";
import { classify } from "./classify.ts";
import { type DateOrderDecision, DateOrderEvidence } from "./date-order.ts";
import { atLine, type ImportError } from "./import-error.ts";
import { civilDate, type DateFields, type DateOrder, type LocalDateTime } from "./local-date-time.ts";
import { senderCandidates, SenderNames } from "./sender-split.ts";

export interface Participant {
  readonly name: string;
  readonly messageCount: number;
  /** Messages of this sender that say "you deleted this message". */
  readonly selfDeletions: number;
}

export interface ChatSurvey {
  readonly title?: string;
  /** The title, when only WhatsApp speaks under it: an iPhone's group. Then it is no participant. */
  readonly groupTitle?: string;
  /** In order of appearance. */
  readonly participants: readonly Participant[];
  readonly messageCount: number;
  readonly mediaCount: number;
  readonly systemCount: number;
  readonly dateOrder: DateOrderDecision;
  /** First and last message by their place in the file; absent when their date is impossible in the chosen order. */
  readonly first?: LocalDateTime;
  readonly last?: LocalDateTime;
  readonly platform: "ios" | "android";
}

export interface SurveyOptions {
  readonly title?: string;
  readonly notAfterMs?: number;
  readonly dateOrder?: DateOrder;
}

type WrittenTime = Pick<RawMessage["header"], "fields" | "hour" | "minute" | "second">;

export class ChatSurveyor {
  readonly #options: SurveyOptions;
  readonly #assembler: Assembler;
  readonly #evidence: DateOrderEvidence;
  readonly #names = new SenderNames();
  readonly #selfDeletions = new Map<string, number>();
  #messages = 0;
  #media = 0;
  #system = 0;
  #first: WrittenTime | undefined;
  #last: WrittenTime | undefined;
  #bracketed = false;
  #titleMarked = 0;
  #titleSpoke = false;

  constructor(options: SurveyOptions = {}) {
    this.#options = options;
    this.#assembler = new Assembler(options.dateOrder);
    this.#evidence = new DateOrderEvidence(options.notAfterMs);
  }

  push(text: string): Result<void, ImportError> {
    const raw = this.#assembler.push(text);
    return raw.ok ? this.#observeAll(raw.value) : raw;
  }

  finish(): Result<ChatSurvey, ImportError> {
    const raw = this.#assembler.finish();
    if (!raw.ok) return raw;
    const observed = this.#observeAll(raw.value);
    return observed.ok ? ok(this.#survey()) : observed;
  }

  #observeAll(raw: readonly RawMessage[]): Result<void, ImportError> {
    for (const message of raw) if (!this.#observe(message)) return err(atLine("too-many-participants", message.line));
    return ok(undefined);
  }

  #observe(raw: RawMessage): boolean {
    const { fields, shape, twelveHour, bracketed } = raw.header;
    this.#evidence.observe(fields, shape, twelveHour);
    const message = classify(raw.body, { bracketed });
    this.#messages += 1;
    this.#first ??= raw.header;
    this.#last = raw.header;
    this.#bracketed = bracketed;
    if (message.kind === "system") {
      this.#system += 1;
      return true;
    }
    if (message.sender === this.#options.title) {
      if (message.kind === "text" && message.marked) this.#titleMarked += 1;
      else this.#titleSpoke = true;
    }
    if (message.kind === "media") this.#media += 1;
    if (message.attachment !== undefined) this.#observeAttachment(fields, message.attachment.fileName);
    if (message.bySelf && message.sender !== undefined) {
      this.#selfDeletions.set(message.sender, (this.#selfDeletions.get(message.sender) ?? 0) + 1);
    }
    return this.#names.observe(senderCandidates(raw.body));
  }

  #observeAttachment(fields: DateFields, fileName: string): void {
    const date = dateInFileName(fileName);
    if (date !== undefined) this.#evidence.observeAttachment(fields, date.year, date.month, date.day);
  }

  #survey(): ChatSurvey {
    const { title, dateOrder } = this.#options;
    const decided: DateOrderDecision = this.#evidence.decide();
    const decision: DateOrderDecision =
      dateOrder === undefined ? decided : { ...decided, order: dateOrder, basis: "option", ambiguous: false };
    const groupTitle = this.#bracketed && this.#titleMarked > 0 && !this.#titleSpoke ? title : undefined;
    const names = [...this.#names.resolve(title)].filter(([name]) => name !== groupTitle);
    const participants = names.map(([name, messageCount]) => ({
      name,
      messageCount,
      selfDeletions: this.#selfDeletions.get(name) ?? 0,
    }));
    const first = localTime(this.#first, decision.order);
    const last = localTime(this.#last, decision.order);
    return {
      ...(title === undefined ? {} : { title }),
      ...(groupTitle === undefined ? {} : { groupTitle }),
      participants,
      messageCount: this.#messages,
      mediaCount: this.#media,
      systemCount: this.#system + (groupTitle === undefined ? 0 : this.#titleMarked),
      dateOrder: decision,
      ...(first === undefined ? {} : { first }),
      ...(last === undefined ? {} : { last }),
      platform: this.#bracketed ? "ios" : "android",
    };
  }
}

function localTime(written: WrittenTime | undefined, order: DateOrder): LocalDateTime | undefined {
  const date = written === undefined ? undefined : civilDate(written.fields, order);
  return date === undefined || written === undefined
    ? undefined
    : { ...date, hour: written.hour, minute: written.minute, second: written.second };
}
