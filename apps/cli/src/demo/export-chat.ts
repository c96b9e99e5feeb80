/** Writes a chat as an iPhone exports it from WhatsApp; what `hawser import` reads. */
export interface ExportedMessage {
  readonly sender: string;
  readonly text: string;
  readonly atMs: number;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `[21/11/2026, 20:41:07] Ben: Hello`, in local time. */
export function exportChat(messages: readonly ExportedMessage[]): string {
  return messages.map(({ sender, text, atMs }) => `[${stamp(new Date(atMs))}] ${sender}: ${text}\r\n`).join("");
}

function stamp(date: Date): string {
  const day = `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}`;
  return `${day}, ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
