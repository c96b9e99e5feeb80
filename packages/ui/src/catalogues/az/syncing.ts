/** Tarixçənin nə qədər gəldiyi və onun üçün yer. */
export const syncing = {
  "history.title": "Tarixçə",
  "history.hint": "Bura nə gəlib, nə çatışmır",
  "history.whole": "Hər şey buradadır",
  "history.wholeText":
    "{count, plural, one {# mesaj gəldi, son hissəsi {date} tarixində.} other {# mesaj gəldi, son hissəsi {date} tarixində.}}",
  "history.none": "Bura tarixçə istənilməyib",
  "history.gapTitle": "Bəzi mesajlar çatışmır",
  "history.gap": "{date} tarixindən sonrakı mesajlar bu cihaz üçün saxlanılmayıb. Digər cihazlarınızdan geri gəlir.",
  "history.gapAlone":
    "{date} tarixindən sonrakı mesajlar bu cihaz üçün saxlanılmayıb. Digər cihazlarınızdan biri onlayn olan kimi geri gələcək.",
  "history.chatsWhole": "{total, number} söhbətdən {done, number} tamdır",
  "history.older": "Köhnə mesajlar telefonunuzdadır",
  "history.fetch": "Gətir",
  "history.fetchFrom": "{name} söhbətinin köhnə mesajlarını gətir",
  "history.asked": "İstənildi. Telefon onlayn olan kimi gələcək.",
  "history.askAll": "Çatışmayan hər şeyi gətir",
  "storage.room": "Yaddaş",
  "storage.used": "{used} istifadə olunur",
  "storage.fullTitle": "Yaddaş dolub.",
  "storage.fullText": "Yeni mesajlar bura sığmır. Bu cihazda yer açıb yenidən cəhd edin; bu vaxt burada olan heç nə itmir.",
  "storage.keep": "Brauzerdən saxlamağı xahiş et",
  "storage.kept": "Brauzer saxlayacağına söz verdi.",
  "storage.notKept": "Brauzer hələ söz vermir. Tətbiqi quraşdırın və ya bildirişlərə icazə verin, sonra yenidən xahiş edin.",
} as const;
