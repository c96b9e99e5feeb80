/** What a person has chosen for all devices of the account. Part of the public surface (`api.ts`). */
export interface Settings {
  readonly readReceipts: boolean;
  readonly language: string | undefined;
  readonly theme: "light" | "dark" | "system";
  /** Counts of how attempts ended, without anybody's name, are sent to the server (docs/OUTCOMES.md). */
  readonly reportOutcomes: boolean;
  /**
   * A device that was away for longer is dormant: the server keeps nothing for it, and when it comes back it fetches what it missed as
   * history, without a new link. 0: never.
   */
  readonly dormantAfterMonths: DormantAfterMonths;
}

export type DormantAfterMonths = 0 | 1 | 3 | 6 | 12;
