/** What an application sees of the account's archive. Part of the public surface (`api.ts`). */

/** The account's encrypted archive of history on the server. Off unless a person switched it on. */
export interface ArchiveStatus {
  readonly on: boolean;
  /** Messages in it, and messages of this device that wait to get into it. */
  readonly messages: number;
  readonly waiting: number;
  /** When it was last written, as far as this device knows. */
  readonly writtenAtMs: number | undefined;
  /**
   * Why nothing is written. `full`: the server's quota; nothing was dropped. `unsupported`: the server is too old. `stale-key`: a device that was
   * removed has written last; the phone begins a new archive by itself. The others: what the server shows is not the archive that the
   * devices wrote. Nothing is lost by any of them: the messages are on the devices.
   */
  readonly trouble:
    | "full"
    | "unsupported"
    | "rolled-back"
    | "forked"
    | "withheld"
    | "stale-key"
    | "unreadable"
    | "other-archive"
    | undefined;
  /** As the server said last. */
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
}
