/** WhatsApp's chat exports → typed messages. Described in docs/IMPORT.md. */
export { type ByteSource, sourceOfBytes } from "./byte-source.ts";
export { ChatParser, type ChatParserOptions, parseChatText } from "./chat-parser.ts";
export { type ChatSurvey, ChatSurveyor, type Participant, type SurveyOptions } from "./chat-survey.ts";
export { titleFromFileName } from "./chat-title.ts";
export type { DateOrderBasis, DateOrderDecision } from "./date-order.ts";
export { guessSelf, type SelfCandidate, type SelfReason } from "./guess-self.ts";
export type { ImportError, ImportErrorKind } from "./import-error.ts";
export type { Attachment, ImportedChat, ImportedMessage, ImportProgress, MessageBatch, MessageKind } from "./imported-chat.ts";
export { type DateOrder, fixedOffset, type LocalDateTime } from "./local-date-time.ts";
export { type ChatImport, type MessageOptions, openImport, type OpenImportOptions } from "./open-import.ts";
export type { ByteStream } from "./zip-entry.ts";
