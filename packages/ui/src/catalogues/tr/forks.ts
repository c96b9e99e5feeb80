/** Bir kişinin iki cihaz listesi ve kişinin kendi listesinin kodu. */
export const forks = {
  "fork.compare": "İki listeyi karşılaştır",
  "fork.title": "{name} için iki cihaz listesi var",
  "fork.text":
    "İkisi de {name} kişisinin anahtarıyla imzalı. Ya bir telefon eski bir kopyadan geri yüklendi ya da anahtar başka birinde de var.",
  "fork.how":
    "{name} ile konuşun ya da buluşun. Doğru listenin rakamlarını kendi Hawser’ında, Cihazlar altında “Bu listenin kodu” bölümünde görür.",
  "fork.notYet": "Diğer liste henüz bütünüyle bilinmiyor. Çevrimiçi olunca yeniden bakın.",
  "fork.known": "Bildiğiniz liste",
  "fork.other": "Başka bir liste",
  "fork.signed": "Liste {number, number}, imza tarihi {date}",
  "fork.rejected": "Daha önce bunu seçmediniz",
  "fork.phone": "Telefon, cihaz {number}",
  "fork.companion": "Bağlı cihaz {number}",
  "fork.onlyHere": "yalnızca bu listede",
  "fork.trust": "Buna güven",
  "fork.codeLabel": "Listenin kodu: {digits}",
  "fork.confirmTitle": "Bu listeye güvenilsin mi?",
  "fork.confirmText": "{name} tam olarak bu rakamları size yüz yüze ya da sesini tanıdığınız bir görüşmede okudu mu?",
  "fork.confirmWarning": "Mesajlar yalnızca bu listedeki cihazlara gider. Yanlış listeyse {name} kişisine yazdıklarınızı başka biri okur.",
  "fork.confirm": "Bu listeye güven",
  "fork.done": "Artık {name} kişisinin bu listesine güveniyorsunuz. Güvenlik numarasını yeniden karşılaştırın.",
  "devices.listCode": "Bu listenin kodu",
  "devices.listCodeText": "Cihazlarınızın iki listesini gören kişilere bu rakamları okuyun. Bir cihaz gelip gittikçe değişir.",
} as const;
