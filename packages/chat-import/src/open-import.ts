/**
 * From a file to batches of messages: `openImport` reads the whole text once for the survey, `messages` reads it again for
 * the messages, `readAttachment` reads one medium. Memory is bounded by limits.ts; the file is never held whole.
 */
import { assert, type Bytes, err, ok, type Result } from "@hawser/base";
import { type ByteSource, readExactly } from "./byte-source.ts";
import { ChatParser, type ChatParserOptions } from "./chat-parser.ts";
import { type ChatSurvey, ChatSurveyor } from "./chat-survey.ts";
import { findChatText } from "./chat-text-entry.ts";
import { titleFromFileName } from "./chat-title.ts";
import type { ImportError } from "./import-error.ts";
import type { ImportedMessage, ImportProgress, MessageBatch } from "./imported-chat.ts";
import { MAX_TEXT_BYTES, READ_BYTES } from "./limits.ts";
import { Utf8Stream } from "./utf8-stream.ts";
import { readZipDirectory, type ZipDirectory, type ZipEntry } from "./zip-directory.ts";
import { type ByteStream, readZipEntry } from "./zip-entry.ts";

export interface OpenImportOptions {
  /** The file's name as the person sees it; the title comes from it. */
  readonly fileName: string;
  readonly notAfterMs?: number;
  readonly onProgress?: (progress: ImportProgress) => void;
}

export type MessageOptions = Pick<ChatParserOptions, "chatKey" | "sha256" | "toUtcMs" | "dateOrder">;

export interface ChatImport {
  readonly survey: ChatSurvey;
  /** Names of the media that came along; empty for a text without a zip. */
  readonly attachments: ReadonlyMap<string, { readonly sizeBytes: number }>;
  /**
   * The messages in batches, each after about 256 KiB of text. Ends after the first error. A zip's checksum is known only
   * at the end: a last result that is an error means that the batches before may be damaged.
   */
  messages(options: MessageOptions): AsyncGenerator<Result<MessageBatch, ImportError>, void, void>;
  /** One medium in pieces. Ends after the first error; only a whole run without one is intact. */
  readAttachment(fileName: string): ByteStream;
}

interface ChatText {
  readonly sizeBytes: number;
  readonly title: string | undefined;
  stream(): ByteStream;
}

const ZIP_MARKS: readonly string[] = ["PK\u0003\u0004", "PK\u0005\u0006", "PK\u0007\u0008"];

export async function openImport(source: ByteSource, options: OpenImportOptions): Promise<Result<ChatImport, ImportError>> {
  assert(Number.isSafeInteger(source.sizeBytes) && source.sizeBytes >= 0, "a source has a size");
  if (source.sizeBytes === 0) return err({ kind: "empty-file" });
  const head = await readExactly(source, 0, Math.min(4, source.sizeBytes));
  if (!head.ok) return head;
  if (ZIP_MARKS.includes(String.fromCharCode(...head.value))) return openZip(source, options);
  return openText(plainText(source, titleFromFileName(options.fileName)), new Map(), () => undefined, options);
}

async function openZip(source: ByteSource, options: OpenImportOptions): Promise<Result<ChatImport, ImportError>> {
  const directory = await readZipDirectory(source);
  if (!directory.ok) return directory;
  const chat = findChatText(directory.value.entries, baseName(options.fileName));
  if (!chat.ok) return chat;
  const media = new Map<string, ZipEntry>();
  for (const entry of directory.value.entries) {
    if (entry !== chat.value && !entry.path.startsWith("__MACOSX/")) media.set(entry.fileName, entry);
  }
  const text: ChatText = {
    sizeBytes: chat.value.sizeBytes,
    title: titleFromFileName(options.fileName) ?? titleFromFileName(chat.value.fileName),
    stream: () => readZipEntry(source, directory.value, chat.value),
  };
  return openText(text, media, (name) => streamOf(source, directory.value, media.get(name.normalize("NFC"))), options);
}

const streamOf = (source: ByteSource, directory: ZipDirectory, entry: ZipEntry | undefined): ByteStream | undefined =>
  entry === undefined ? undefined : readZipEntry(source, directory, entry);

const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);

function plainText(source: ByteSource, title: string | undefined): ChatText {
  return {
    sizeBytes: source.sizeBytes,
    title,
    async *stream() {
      for (let at = 0; at < source.sizeBytes; at += READ_BYTES) {
        const block = await readExactly(source, at, Math.min(READ_BYTES, source.sizeBytes - at));
        yield block;
        if (!block.ok) return;
      }
    },
  };
}

async function openText(
  text: ChatText,
  attachments: ReadonlyMap<string, { readonly sizeBytes: number }>,
  attachment: (fileName: string) => ByteStream | undefined,
  options: OpenImportOptions,
): Promise<Result<ChatImport, ImportError>> {
  if (text.sizeBytes > MAX_TEXT_BYTES) return err({ kind: "file-too-large" });
  const { notAfterMs, onProgress } = options;
  const surveyOptions = {
    ...(text.title === undefined ? {} : { title: text.title }),
    ...(notAfterMs === undefined ? {} : { notAfterMs }),
  };
  const surveyor = new ChatSurveyor(surveyOptions);
  for await (const piece of decoded(text)) {
    if (!piece.ok) return piece;
    const pushed = surveyor.push(piece.value.text);
    if (!pushed.ok) return pushed;
    onProgress?.({ phase: "survey", consumedBytes: piece.value.consumedBytes, totalBytes: text.sizeBytes });
  }
  const survey = surveyor.finish();
  if (!survey.ok) return survey;
  return ok({
    survey: survey.value,
    attachments,
    messages: (messageOptions) => readMessages(text, { ...messageOptions, ...surveyOptions, survey: survey.value }, onProgress),
    async *readAttachment(fileName) {
      const stream = attachment(fileName);
      if (stream === undefined) yield err({ kind: "no-such-attachment" });
      else yield* stream;
    },
  });
}

interface DecodedPiece {
  readonly text: string;
  readonly consumedBytes: number;
}

async function* decoded(text: ChatText): AsyncGenerator<Result<DecodedPiece, ImportError>, void, void> {
  const utf8 = new Utf8Stream();
  let consumedBytes = 0;
  const asPiece = (result: Result<string, ImportError>): Result<DecodedPiece, ImportError> =>
    result.ok ? ok({ text: result.value, consumedBytes }) : result;
  for await (const block of text.stream()) {
    if (!block.ok) {
      yield block;
      return;
    }
    // A highly compressed block may be 8 MiB; its messages must not all be in memory at once.
    for (let at = 0; at < block.value.length; at += READ_BYTES) {
      const slice: Bytes = block.value.subarray(at, at + READ_BYTES);
      consumedBytes += slice.length;
      const piece = asPiece(utf8.push(slice));
      yield piece;
      if (!piece.ok) return;
    }
  }
  yield asPiece(utf8.finish());
}

async function* readMessages(
  text: ChatText,
  options: ChatParserOptions,
  onProgress: OpenImportOptions["onProgress"],
): AsyncGenerator<Result<MessageBatch, ImportError>, void, void> {
  const parser = new ChatParser(options);
  const totalBytes = text.sizeBytes;
  const batch = (messages: readonly ImportedMessage[], consumedBytes: number): Result<MessageBatch, ImportError> =>
    ok({ messages, consumedBytes, totalBytes });
  for await (const piece of decoded(text)) {
    if (!piece.ok) {
      yield piece;
      return;
    }
    const messages = parser.push(piece.value.text);
    if (!messages.ok) {
      yield messages;
      return;
    }
    onProgress?.({ phase: "messages", consumedBytes: piece.value.consumedBytes, totalBytes });
    if (messages.value.length > 0) yield batch(messages.value, piece.value.consumedBytes);
  }
  const rest = parser.finish();
  yield rest.ok ? batch(rest.value, totalBytes) : rest;
}
