/** What the link page says before the catalogues are loaded. The catalogues include these, so there is one wording. */
import type { Language } from "../languages.ts";

interface FirstWords {
  readonly "link.title": string;
  readonly "link.step1": string;
  readonly "link.step2": string;
  readonly "link.step3": string;
  readonly "link.note": string;
  readonly "link.qrLabel": string;
  readonly "link.connecting": string;
  readonly "app.promise": string;
  readonly "app.language": string;
}

export const FIRST_WORDS: Readonly<Record<Language, FirstWords>> = {
  en: {
    "link.title": "Link this browser to your phone",
    "link.step1": "Open Hawser on your phone",
    "link.step2": "Go to Devices and tap “Link a device”",
    "link.step3": "Point the camera at this code",
    "link.note": "Your phone can sleep afterwards. This browser then works on its own.",
    "link.qrLabel": "QR code that links this browser to your phone",
    "link.connecting": "Reaching the server…",
    "app.promise": "End-to-end encrypted. The server never sees your messages.",
    "app.language": "Language",
  },
  tr: {
    "link.title": "Bu tarayıcıyı telefonunuza bağlayın",
    "link.step1": "Telefonunuzda Hawser’ı açın",
    "link.step2": "Cihazlar’a gidip “Cihaz bağla”ya dokunun",
    "link.step3": "Kamerayı bu koda tutun",
    "link.note": "Sonrasında telefonunuz uyuyabilir. Bu tarayıcı kendi başına çalışır.",
    "link.qrLabel": "Bu tarayıcıyı telefonunuza bağlayan QR kodu",
    "link.connecting": "Sunucuya ulaşılıyor…",
    "app.promise": "Uçtan uca şifreli. Sunucu mesajlarınızı hiçbir zaman görmez.",
    "app.language": "Dil",
  },
  az: {
    "link.title": "Bu brauzeri telefonunuza bağlayın",
    "link.step1": "Telefonunuzda Hawser-i açın",
    "link.step2": "“Cihazlar”a keçib “Cihaz bağla”ya toxunun",
    "link.step3": "Kameranı bu koda tutun",
    "link.note": "Bundan sonra telefonunuz yata bilər. Bu brauzer müstəqil işləyəcək.",
    "link.qrLabel": "Bu brauzeri telefonunuza bağlayan QR kod",
    "link.connecting": "Serverlə əlaqə qurulur…",
    "app.promise": "Ucdan-uca şifrələnib. Server mesajlarınızı heç vaxt görmür.",
    "app.language": "Dil",
  },
  ar: {
    "link.title": "اربط هذا المتصفح بهاتفك",
    "link.step1": "افتح هوسر على هاتفك",
    "link.step2": "انتقل إلى «الأجهزة» والمس «ربط جهاز»",
    "link.step3": "وجّه الكاميرا إلى هذا الرمز",
    "link.note": "يمكن لهاتفك أن ينام بعد ذلك، فهذا المتصفح يعمل بمفرده.",
    "link.qrLabel": "رمز QR يربط هذا المتصفح بهاتفك",
    "link.connecting": "جارٍ الاتصال بالخادم…",
    "app.promise": "مشفَّر من طرف إلى طرف. لا يرى الخادم رسائلك أبدًا.",
    "app.language": "اللغة",
  },
};
