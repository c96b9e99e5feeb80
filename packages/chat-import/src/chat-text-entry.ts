/** Which entry of a zip is the chat? WhatsApp's own names first; a lone text file otherwise. */
import { err, ok, type Result } from "@hawser/base";
import { titleFromFileName } from "./chat-title.ts";
import type { ImportError } from "./import-error.ts";
import type { ZipEntry } from "./zip-directory.ts";

/** iPhones name it so in every language. */
const IOS_CHAT = "_chat.txt";

/** `zipName` is the zip's file name; Android gives text and zip the same name. */
export function findChatText(entries: readonly ZipEntry[], zipName: string): Result<ZipEntry, ImportError> {
  const files = entries.filter((entry) => !entry.path.startsWith("__MACOSX/") && depth(entry) <= 1);
  const texts = files.filter((entry) => /\.txt$/iu.test(entry.fileName));
  const sameName = zipName.normalize("NFC").replace(/\.zip$/iu, ".txt");
  const rules: readonly ((entry: ZipEntry) => boolean)[] = [
    (entry) => entry.fileName === IOS_CHAT,
    (entry) => entry.fileName === sameName,
    (entry) => titleFromFileName(entry.fileName) !== undefined,
    () => true,
  ];
  for (const rule of rules) {
    const found = texts.filter(rule);
    if (found.length === 1) return ok(found[0]!);
    if (found.length > 1) return err({ kind: "several-chat-texts" });
  }
  return err({ kind: files.some((entry) => /\.zip$/iu.test(entry.fileName)) ? "nested-zip" : "no-chat-text" });
}

/** A zip packed again by hand may have everything in one folder. */
const depth = (entry: ZipEntry): number => entry.path.split("/").length - 1;
