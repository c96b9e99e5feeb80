/** Geçmişin ne kadar geldiği ve ona ayrılan yer. */
export const syncing = {
  "history.title": "Geçmiş",
  "history.hint": "Buraya neler geldi, neler eksik",
  "history.whole": "Her şey burada",
  "history.wholeText":
    "{count, plural, one {# mesaj geldi, son bölümü {date} tarihinde.} other {# mesaj geldi, son bölümü {date} tarihinde.}}",
  "history.none": "Buraya geçmiş istenmedi",
  "history.gapTitle": "Bazı mesajlar eksik",
  "history.gap": "{date} tarihinden sonraki mesajlar bu cihaz için saklanmamış. Diğer cihazlarınızdan geri geliyor.",
  "history.gapAlone":
    "{date} tarihinden sonraki mesajlar bu cihaz için saklanmamış. Diğer cihazlarınızdan biri çevrimiçi olur olmaz geri gelir.",
  "history.chatsWhole": "{total, number} sohbetin {done, number} tanesi tam",
  "history.older": "Eski mesajlar telefonunuzda",
  "history.fetch": "Getir",
  "history.fetchFrom": "{name} sohbetinin eski mesajlarını getir",
  "history.asked": "İstendi. Telefon çevrimiçi olur olmaz gelir.",
  "history.askAll": "Eksik olan her şeyi getir",
  "storage.room": "Depolama",
  "storage.used": "{used} kullanılıyor",
  "storage.fullTitle": "Depolama dolu.",
  "storage.fullText": "Yeni mesajlar buraya sığmıyor. Bu cihazda yer açıp yeniden deneyin; bu sırada buradaki hiçbir şey kaybolmaz.",
  "storage.keep": "Tarayıcıdan saklamasını iste",
  "storage.kept": "Tarayıcı saklayacağına söz verdi.",
  "storage.notKept": "Tarayıcı henüz söz vermiyor. Uygulamayı yükleyin ya da bildirimlere izin verin, sonra yeniden isteyin.",
} as const;
