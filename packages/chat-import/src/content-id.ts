/**
 * Ids that are equal for the same message in two exports of one chat, so that importing twice, or importing a longer or a
 * newer export, adds only what is new.
 *
 * What goes in is what does not change between exports:
 *   - the chat's key, the minute (Android writes no seconds), and the text without invisible marks;
 *   - for media only the caption, since the same photo is "<Media omitted>" in one export and has a file name in another;
 *   - for deleted messages nothing more, since those words follow the phone's language;
 *   - how many messages of that minute had the same content before.
 * What stays out: the index (exports are cut at 10,000 or 40,000 messages), the file name (iPhones number them per export)
 * and the sender, whose name changes with the address book. Two people who write "ok" in one minute differ by the counter.
 *
 * Invariant: two exports give for every (minute, content) the ids 0 … n-1; their union has the larger n.
 */
import { assert, type Bytes, type MessageId, messageIdFromBytes, utf8 } from "@hawser/base";
import type { MessageKind } from "./imported-chat.ts";
import { MAX_OCCURRENCE_ENTRIES } from "./limits.ts";
import { withoutMarks } from "./marks.ts";

const MINUTE_MS = 60_000;
/** Domain of the hash; a change of the rule above needs a new one. */
const DOMAIN = "hawser chat import 1";

export class ContentIds {
  readonly #sha256: (data: Bytes) => Bytes;
  readonly #chatKey: string;
  /** How often each content came, in two generations; the older is forgotten. Exports run forward, so it does not come again. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  constructor(chatKey: string, sha256: (data: Bytes) => Bytes) {
    this.#chatKey = chatKey;
    this.#sha256 = sha256;
  }

  /** A UUID of version 8 (RFC 9562 §5.8): the minute in the first 48 bits, like UUIDv7, then 74 bits of SHA-256. */
  next(kind: MessageKind, sentAtMs: number, text: string): MessageId {
    const minute = Math.floor(sentAtMs / MINUTE_MS);
    const content = [minute, kind, comparable(text)].join("\n");
    const key = content.length <= 64 ? content : String.fromCharCode(...this.#sha256(utf8(content)));
    const occurrence = this.#recent.get(key) ?? this.#older.get(key) ?? 0;
    this.#recent.set(key, occurrence + 1);
    if (this.#recent.size >= MAX_OCCURRENCE_ENTRIES / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    return this.#idOf(minute, `${DOMAIN}\n${this.#chatKey.length}\n${this.#chatKey}\n${occurrence}\n${content}`);
  }

  #idOf(minute: number, input: string): MessageId {
    const hash = this.#sha256(utf8(input));
    assert(hash.length === 32, "sha256 gives 32 bytes");
    const bytes = hash.slice(0, 16);
    let time = Math.max(0, minute * MINUTE_MS);
    for (let i = 5; i >= 0; i--) {
      bytes[i] = time % 256;
      time = Math.floor(time / 256);
    }
    bytes[6] = 0x80 | (bytes[6]! & 0x0f);
    bytes[8] = 0x80 | (bytes[8]! & 0x3f);
    return messageIdFromBytes(bytes);
  }
}

const comparable = (text: string): string => withoutMarks(text).replace(/\s+/gu, " ").trim().normalize("NFC");
