/**
 * What WhatsApp itself writes into exports, by language. Compared after `plain()`: without invisible marks, one space
 * between words, lower case, no full stop at the end. Wordings differ between releases, so several stand for one meaning.
 */

const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const EDGE = /[\s\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/u;

export const withoutMarks = (text: string): string => text.replace(INVISIBLE, "");
/** Without marks and white space at both ends; marks inside belong to the text. */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  // Not `replace(/…+$/)`: that takes quadratic time on a long run of spaces in the middle.
  while (from < to && EDGE.test(text[from]!)) from++;
  while (to > from && EDGE.test(text[to - 1]!)) to--;
  return text.slice(from, to);
}
/** WhatsApp puts U+200E (U+200F in right-to-left languages) in front of what it wrote itself. */
export const isMarked = (text: string): boolean => /^\s?[\u200e\u200f]/u.test(text);

export const plain = (text: string): string =>
  withoutMarks(text)
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[.。।]$/u, "")
    .toLowerCase();

const setOf = (phrases: readonly string[]): ReadonlySet<string> => new Set(phrases.map(plain));

/** Android: "<Media omitted>" as the whole first line; with or without the angle brackets. */
export const MEDIA_OMITTED = setOf([
  "media omitted",
  "multimedia omitido",
  "multimedia omitida",
  "archivo omitido",
  "medien ausgeschlossen",
  "medien weggelassen",
  "médias omis",
  "fichier omis",
  "mídia oculta",
  "mídia omitida",
  "arquivo de mídia oculto",
  "arquivo de mídia omitido",
  "ficheiro não revelado",
  "ficheiro multimédia omitido",
  "multimédia omitido",
  "media omessi",
  "media omesso",
  "file omesso",
  "media weggelaten",
  "без медиафайлов",
  "медиафайл отсутствует",
  "файл пропущен",
  "medya dahil edilmedi",
  "medya atlanmış",
  "medya çıkarıldı",
  "media daxil edilməyib",
  "media çıxarılıb",
  "media buraxılıb",
  "تم استبعاد الوسائط",
  "تم إهمال الوسائط",
  "الوسائط محذوفة",
  "मीडिया के बिना",
  "मीडिया छोड़ दिया गया",
  "मीडिया शामिल नहीं है",
  "मीडिया शामिल नहीं किया गया",
  "media tidak disertakan",
  "media dikecualikan",
  "pominięto multimedia",
  "multimedia pominięto",
  "bez mediálního obsahu",
  "média vynechány",
  "média vynechaná",
  "без медіафайлів",
  "медіа пропущено",
  "uteladne medier",
  "media har utelämnats",
  "media udeladt",
  "medier udeladt",
  "mediefil utelatt",
  "mediatiedosto jätetty pois",
  "fișiere media omise",
  "media omise",
  "hiányzó médiafájl",
  "média kihagyva",
  "τα πολυμέσα παραλείφθηκαν",
  "המדיה הושמטה",
  "המדיה לא נכללה",
  "رسانه حذف شد",
  "پیوست رسانه حذف شد",
  "メディアは含まれていません",
  "メディアなし",
  "省略多媒體檔案",
  "媒體已略去",
  "媒体省略",
  "省略多媒体文件",
  "忽略多媒體檔",
  "미디어 파일을 생략한 대화내용",
  "미디어 생략",
  "미디어 제외",
  "bỏ qua tập tin media",
  "tệp phương tiện bị bỏ qua",
  "ไม่รวมไฟล์สื่อ",
  "ছবি/ভিডিও বাদ দেওয়া হয়েছে",
]);

/** iPhone: "‎image omitted". The word for the medium varies; these words end or begin the line. */
const KIND_OMITTED = [
  "omitted",
  "weggelassen",
  "ausgeschlossen",
  "omitido",
  "omitida",
  "omitidos",
  "oculto",
  "oculta",
  "ocultado",
  "ocultada",
  "omis",
  "omise",
  "absent",
  "absente",
  "omesso",
  "omessa",
  "omessi",
  "esclusa",
  "escluso",
  "weggelaten",
  "dahil edilmedi",
  "daxil edilməyib",
  "не включено",
  "не включён",
  "не включен",
  "не включена",
  "отсутствует",
  "опущено",
  "пропущено",
  "tidak disertakan",
  "pominięto",
  "pominięte",
  "utelämnad",
  "udeladt",
  "utelatt",
  "शामिल नहीं है",
  "छोड़ दिया गया",
  "छोड़ा गया",
  "הושמט",
  "הושמטה",
  "は含まれていません",
  "을 생략함",
  "생략됨",
  "已略去",
  "省略",
  "已省略",
  "忽略",
];
const KIND_OMITTED_FIRST = ["تم استبعاد", "تم حذف الوسائط", "bỏ qua", "pominięto", "忽略", "省略"];
const MAX_OMITTED_CHARS = 60;

/** `marked`: the text began with U+200E, so WhatsApp wrote it and not a person. */
export function isMediaOmitted(line: string, marked: boolean): boolean {
  if (line.length > MAX_OMITTED_CHARS) return false;
  const text = plain(line);
  const bare = text.startsWith("<") && text.endsWith(">") ? plain(text.slice(1, -1)) : undefined;
  if (bare !== undefined && MEDIA_OMITTED.has(bare)) return true;
  if (!marked) return false;
  const inner = bare ?? text;
  return (
    MEDIA_OMITTED.has(inner) ||
    KIND_OMITTED.some((word) => inner.endsWith(word)) ||
    KIND_OMITTED_FIRST.some((word) => inner.startsWith(word))
  );
}

/** Android: "IMG-….jpg (file attached)", and iPhone: "<attached: …>". */
export const ATTACHED_WORDS = setOf([
  "file attached",
  "attached",
  "archivo adjunto",
  "adjunto",
  "datei angehängt",
  "anhang",
  "angehängt",
  "fichier joint",
  "pièce jointe",
  "arquivo anexado",
  "anexado",
  "anexo",
  "ficheiro anexado",
  "file allegato",
  "allegato",
  "bestand bijgevoegd",
  "bijgevoegd",
  "bijlage",
  "файл добавлен",
  "прикреплено",
  "прикреплён",
  "вложение",
  "dosya ekli",
  "ek",
  "eklendi",
  "ekli",
  "fayl əlavə olunub",
  "fayl qoşulub",
  "əlavə edilib",
  "qoşma",
  "الملف مرفق",
  "ملف مرفق",
  "مرفق",
  "تم إرفاق الملف",
  "फ़ाइल संलग्न",
  "फ़ाइल अटैच की गई",
  "संलग्न",
  "अटैच किया गया",
  "file terlampir",
  "terlampir",
  "lampiran",
  "plik załączony",
  "załączony plik",
  "załącznik",
  "soubor byl přiložen",
  "přiloženo",
  "файл додано",
  "додано",
  "bifogad fil",
  "bifogad",
  "fil vedhæftet",
  "vedhæftet",
  "fil vedlagt",
  "vedlagt",
  "tiedosto liitetty",
  "liite",
  "fișier atașat",
  "atașat",
  "csatolt fájl",
  "csatolva",
  "συνημμένο αρχείο",
  "συνημμένο",
  "הקובץ מצורף",
  "מצורף",
  "فایل پیوست شد",
  "添付ファイル",
  "添付",
  "附件檔案",
  "檔案已附上",
  "文件附件",
  "附件",
  "파일 첨부됨",
  "첨부됨",
  "첨부",
  "tập tin đính kèm",
  "đính kèm",
  "ไฟล์ที่แนบมา",
  "ที่แนบมา",
]);

/** In the sender's own export. Telling it apart shows which participant made the export. */
export const DELETED_BY_SELF = setOf([
  "you deleted this message",
  "bu mesajı sildiniz",
  "bu mesajı sildin",
  "siz bu mesajı sildiniz",
  "bu mesajı silmisiniz",
  "eliminaste este mensaje",
  "has eliminado este mensaje",
  "du hast diese nachricht gelöscht",
  "vous avez supprimé ce message",
  "você apagou esta mensagem",
  "mensagem apagada por você",
  "apagou esta mensagem",
  "hai eliminato questo messaggio",
  "je hebt dit bericht verwijderd",
  "u heeft dit bericht verwijderd",
  "вы удалили данное сообщение",
  "вы удалили это сообщение",
  "вы удалили сообщение",
  "لقد حذفت هذه الرسالة",
  "لقد حذفت أنت هذه الرسالة",
  "حذفت هذه الرسالة",
  "आपने यह मैसेज हटा दिया है",
  "आपने यह मैसेज मिटाया",
  "आपने यह संदेश हटा दिया",
  "anda menghapus pesan ini",
  "usunięto tę wiadomość przez ciebie",
  "usunąłeś tę wiadomość",
  "tuto zprávu jste smazali",
  "ви видалили це повідомлення",
  "du raderade det här meddelandet",
  "你已刪除這則訊息",
  "您已删除这条消息",
  "このメッセージを削除しました",
  "메시지를 삭제했습니다",
]);
const DELETED_BY_OTHER = setOf([
  "this message was deleted",
  "this message was deleted by admin",
  "bu mesaj silindi",
  "bu mesaj silinib",
  "este mensaje fue eliminado",
  "se eliminó este mensaje",
  "este mensaje ha sido eliminado",
  "diese nachricht wurde gelöscht",
  "ce message a été supprimé",
  "mensagem apagada",
  "esta mensagem foi apagada",
  "essa mensagem foi apagada",
  "esta mensagem foi eliminada",
  "questo messaggio è stato eliminato",
  "dit bericht is verwijderd",
  "dit bericht werd verwijderd",
  "данное сообщение удалено",
  "это сообщение удалено",
  "сообщение удалено",
  "تم حذف هذه الرسالة",
  "यह मैसेज हटा दिया गया है",
  "यह मैसेज हटाया गया",
  "यह मैसेज मिटा दिया गया है",
  "यह संदेश हटा दिया गया था",
  "pesan ini telah dihapus",
  "pesan ini dihapus",
  "ta wiadomość została usunięta",
  "wiadomość została usunięta",
  "tato zpráva byla smazána",
  "це повідомлення видалено",
  "det här meddelandet raderades",
  "denne besked blev slettet",
  "denne meldingen ble slettet",
  "tämä viesti poistettiin",
  "acest mesaj a fost șters",
  "ez az üzenet törölve lett",
  "αυτό το μήνυμα διαγράφηκε",
  "הודעה זו נמחקה",
  "این پیام حذف شد",
  "這則訊息已被刪除",
  "此訊息已刪除",
  "此消息已被删除",
  "このメッセージは削除されました",
  "삭제된 메시지입니다",
  "tin nhắn này đã bị xóa",
  "ข้อความนี้ถูกลบ",
]);
const MAX_DELETED_CHARS = 80;

/** Who deleted the message, when `text` says that one was deleted. */
export function deletedBy(text: string): "self" | "other" | undefined {
  if (text.length > MAX_DELETED_CHARS) return undefined;
  const bare = plain(text);
  if (DELETED_BY_SELF.has(bare)) return "self";
  return DELETED_BY_OTHER.has(bare) ? "other" : undefined;
}

const EDITED = setOf([
  "this message was edited",
  "bu mesaj düzenlendi",
  "bu mesaja düzəliş edilib",
  "bu mesaj redaktə edilib",
  "se editó este mensaje",
  "mensaje editado",
  "este mensaje fue editado",
  "diese nachricht wurde bearbeitet",
  "ce message a été modifié",
  "mensagem editada",
  "esta mensagem foi editada",
  "questo messaggio è stato modificato",
  "messaggio modificato",
  "dit bericht is bewerkt",
  "сообщение изменено",
  "данное сообщение изменено",
  "это сообщение изменено",
  "تم تعديل هذه الرسالة",
  "यह मैसेज एडिट किया गया",
  "यह मैसेज एडिट किया गया है",
  "यह मैसेज बदला गया है",
  "pesan ini telah diedit",
  "pesan ini diedit",
  "ta wiadomość została zedytowana",
  "wiadomość edytowana",
  "tato zpráva byla upravena",
  "це повідомлення змінено",
  "det här meddelandet redigerades",
  "הודעה זו נערכה",
  "已編輯此訊息",
  "此消息已编辑",
  "このメッセージは編集されました",
  "수정된 메시지입니다",
]);
const MAX_MARK_CHARS = 64;

/** Cuts "<This message was edited>" off the end; `undefined` when it does not stand there. */
export function withoutEditedMark(text: string): string | undefined {
  const end = trimmed(text);
  if (!end.endsWith(">")) return undefined;
  const start = end.lastIndexOf("<");
  if (start < 0 || end.length - start > MAX_MARK_CHARS) return undefined;
  const inner = plain(end.slice(start + 1, -1));
  const before = end.slice(0, start);
  const written = EDITED.has(inner);
  const shaped =
    /\S[\s\S]*\u200e$/u.test(before.slice(-8)) &&
    /^[\p{L}\p{M}' ]+$/u.test(inner) &&
    !ATTACHED_WORDS.has(inner) &&
    !MEDIA_OMITTED.has(inner);
  return written || shaped ? trimmed(before) : undefined;
}

/** Pieces of sentences about encryption, security codes and groups, which only WhatsApp writes. */
const SYSTEM_PIECES = [
  "end-to-end",
  "uçtan uca",
  "ucdan uca",
  "başdan-başa",
  "başdan sona şifr",
  "ende-zu-ende",
  "extremo a extremo",
  "bout en bout",
  "ponta a ponta",
  "crittografat",
  "сквозным шифрованием",
  "наскрізним шифруванням",
  "مشفرة تمام",
  "مشفّرة",
  "تشفير تام",
  "بين الطرفين",
  "एंड-टू-एंड",
  "आद्योपांत",
  "ujung ke ujung",
  "szyfrowan",
  "koncového šifrování",
  "端到端",
  "端對端",
  "エンドツーエンド",
  "종단간",
  "מקצה לקצה",
  "سرتاسر",
  "đầu cuối",
  "τερματικό σε τερματικό",
  "security code",
  "güvenlik kod",
  "sicherheitsnummer",
  "sicherheitscode",
  "código de seguridad",
  "code de sécurité",
  "código de segurança",
  "codice di sicurezza",
  "код безопасности",
  "رمز الأمان",
  "created this group",
  "created group",
  "created the group",
  "changed this group",
  "changed the group",
  "changed the subject",
  "you were added",
  "disappearing messages",
  "joined using this group",
  "grubu oluştur",
  "grup kurdu",
  "gruppe erstellt",
  "creó el grupo",
  "a créé le groupe",
  "criou o grupo",
  "ha creato il gruppo",
  "создал(-а) группу",
  "создал группу",
  "создал(а) группу",
  "أنشأ المجموعة",
  "qrup yaratdı",
  "qrupu yaratdı",
  "ने ग्रुप बनाया",
];

export function isSystemSentence(text: string): boolean {
  const bare = plain(text);
  return SYSTEM_PIECES.some((piece) => bare.includes(piece));
}
