/** What the banner says of something that was healed, until a person has read it. */
const NOTICES = {
  "old-copy": "notice.oldCopy",
  "store-lost": "notice.storeLost",
  "store-damaged": "notice.storeDamaged",
  "restored-alone": "notice.restoredAlone",
} as const;
/** Nobody else has its key: what is true of a computer is not of it. */
const NOTICES_ON_PHONE: Partial<Record<keyof typeof NOTICES, "notice.storeLostPhone" | "notice.storeDamagedPhone">> = {
  "store-lost": "notice.storeLostPhone",
  "store-damaged": "notice.storeDamagedPhone",
};

/** The key in the catalogues. */
export const noticeWords = (notice: keyof typeof NOTICES, isPhone: boolean) =>
  (isPhone ? NOTICES_ON_PHONE[notice] : undefined) ?? NOTICES[notice];
