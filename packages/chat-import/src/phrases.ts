/**
 * What WhatsApp itself writes into exports, by language. Compared after `plain()`: without invisible marks, one space
 * between words, lower case, no full stop at the end. Wordings differ between releases, so several stand for one meaning.
 */

import { plain, setOf, trimmed } from "./marks.ts";
import { ATTACHED_WORDS, MEDIA_OMITTED } from "./media-phrases.ts";

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
