/** Real message texts, and a chat export as a phone writes it. Source and licence of the texts: bench/data/README.md. */
import { readFileSync } from "node:fs";

const FILE = new URL("../../bench/data/sms-spam-collection.tsv", import.meta.url);
const ORDINARY = /^[\x20-\x7e£éèüñ‘’“”…–]+$/;
const MINUTE_MS = 60_000;

/** Ordinary messages between people, no advertisements, one line each, all different. */
export const REAL_TEXTS: readonly string[] = [
  ...new Set(
    readFileSync(FILE, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("ham\t"))
      .map((line) => line.slice(4).trim())
      .filter((text) => text.length > 1 && ORDINARY.test(text) && !/&(lt|gt|amp);/.test(text)),
  ),
];

export interface ExportedLine {
  readonly sender: string;
  readonly text: string;
  readonly sentAtMs: number;
}

export interface ChatExport {
  readonly fileName: string;
  readonly content: Buffer;
  readonly lines: readonly ExportedLine[];
}

export interface ExportOptions {
  readonly self: string;
  readonly other: string;
  readonly count: number;
  /** Where in the texts to begin, so that two chats differ. */
  readonly from?: number;
  readonly lastAtMs?: number;
}

/** Android's layout in its 24-hour form; both people write, a few minutes apart, the last message at `lastAtMs` (UTC is the phone's time). */
export function chatExport({ self, other, count, from = 0, lastAtMs = Date.UTC(2025, 10, 20, 18, 30) }: ExportOptions): ChatExport {
  const lines = Array.from({ length: count }, (_, index): ExportedLine => ({
    sender: (index * 7) % 5 < 2 ? self : other,
    text: REAL_TEXTS[(from + index) % REAL_TEXTS.length]!,
    sentAtMs: lastAtMs - (count - 1 - index) * 3 * MINUTE_MS,
  }));
  const notice = `${stamp(lines[0]!.sentAtMs)} - Messages and calls are end-to-end encrypted. No one outside of this chat, not even WhatsApp, can read or listen to them. Tap to learn more.`;
  const text = [notice, ...lines.map((line) => `${stamp(line.sentAtMs)} - ${line.sender}: ${line.text}`)].join("\n");
  return { fileName: `WhatsApp Chat with ${other}.txt`, content: Buffer.from(`${text}\n`), lines };
}

function stamp(ms: number): string {
  const [date, time] = new Date(ms).toISOString().split("T") as [string, string];
  const [year, month, day] = date.split("-") as [string, string, string];
  return `${day}/${month}/${year}, ${time.slice(0, 5)}`;
}
