/** The chat's name out of an export's file name, in the languages whose pattern is known. */
import { isBareFileName } from "./attachment-name.ts";
import { trimmed, withoutMarks } from "./marks.ts";

/** Each has the name as its only group. Matched against the name without folder, extension and download counter. */
const PATTERNS: readonly RegExp[] = [
  /^WhatsApp[ -]Chat (?:with|mit|met|med|-) (.+)$/iu,
  /^WhatsApp[ -]chat\s?[-–_]\s?(.+)$/iu,
  /^Chat (?:de )?WhatsApp (?:con|avec|com|dengan|with|s uživatelem|s|-) (.+)$/iu,
  /^(?:Conversa|Bate-papo|Conversación|Chat|Discussion|Conversation) (?:do |de |da )?WhatsApp (?:com|con|avec) (.+)$/iu,
  /^(?:Obrolan|Percakapan) WhatsApp (?:dengan|-) (.+)$/iu,
  /^(?:Чат|Переписка) (?:в )?WhatsApp (?:с контактом|с группой|с|з контактом|з|із|-) (.+)$/iu,
  /^(?:Czat|Rozmowa) (?:w )?WhatsApp (?:z użytkownikiem|z|-) (.+)$/iu,
  /^(?:محادثة|دردشة) (?:واتساب|WhatsApp) (?:مع|-) (.+)$/iu,
  /^(.+) ile WhatsApp (?:Sohbeti|Konuşması|Yazışması)$/iu,
  /^WhatsApp (?:Sohbeti|Konuşması)\s?[-–]\s?(.+)$/iu,
  /^(.+) ilə WhatsApp (?:Söhbəti|çatı|söhbət)$/iu,
  /^WhatsApp (?:Söhbəti|çatı)\s?[-–]\s?(.+)$/iu,
  /^(.+) के साथ WhatsApp (?:चैट|वार्तालाप)$/iu,
  /^WhatsApp (?:चैट|वार्तालाप)\s?[-–]\s?(.+)$/iu,
  /^WhatsApp (?:की|का) (.+) के साथ (?:चैट|बातचीत)$/iu,
  /^(?:與|与)\s?(.+?)\s?的\s?WhatsApp\s?(?:對話|对话|聊天)$/u,
  /^(.+)とのWhatsAppチャット$/u,
  /^צ'אט WhatsApp עם (.+)$/u,
];

const EXTENSION = /\.(?:txt|zip)$/iu;
/** "chat (1).zip", as browsers name a second download. */
const DOWNLOAD_COUNTER = / ?\(\d{1,3}\)$/u;

/** `undefined` when the name is not one that WhatsApp gives ("_chat.txt", "export.txt"). */
export function titleFromFileName(fileName: string): string | undefined {
  const base = fileName.slice(Math.max(fileName.lastIndexOf("/"), fileName.lastIndexOf("\\")) + 1);
  if (!isBareFileName(base.replaceAll(":", "_"))) return undefined;
  const stem = withoutMarks(base).normalize("NFC").replace(EXTENSION, "").replace(DOWNLOAD_COUNTER, "").replace(EXTENSION, "");
  for (const pattern of PATTERNS) {
    const title = trimmed(pattern.exec(stem)?.[1] ?? "");
    if (title !== "") return title;
  }
  return undefined;
}
