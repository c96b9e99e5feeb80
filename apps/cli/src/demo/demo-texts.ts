/** The demo's texts, from apps/cli/demo. Where they come from stands in the README beside them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface GroupChat {
  readonly title: string;
  readonly messages: readonly { readonly sender: string; readonly text: string }[];
}

/** First line: the title. Then `sender: text`. */
const GROUP_CHATS = ["book-club.tr.txt", "friday-trip.ar.txt"];

const lines = (name: string): string[] =>
  readFileSync(fileURLToPath(new URL(`../../demo/${name}`, import.meta.url)), "utf8")
    .split("\n")
    .filter((line) => line !== "");

/** One message a line. */
export const readConversation = (): string[] => lines("sms-texts.en.txt");

export function readGroupChats(): GroupChat[] {
  return GROUP_CHATS.map((name) => {
    const [title = "", ...rest] = lines(name);
    return { title, messages: rest.map(splitLine) };
  });
}

function splitLine(line: string): { sender: string; text: string } {
  const at = line.indexOf(": ");
  return { sender: line.slice(0, at), text: line.slice(at + 2) };
}
