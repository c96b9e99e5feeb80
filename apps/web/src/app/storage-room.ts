/** How much room the browser gives, and how much of it is taken. */
import { useEffect, useState } from "react";

const LOOK_EVERY_MS = 60_000;
/** Less than this is soon used up by messages alone. */
const SCARCE_BYTES = 20_000_000;

export interface StorageRoom {
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly isScarce: boolean;
}

/** `undefined` where the browser does not tell. */
export function useStorageRoom(): StorageRoom | undefined {
  const [room, setRoom] = useState<StorageRoom>();
  useEffect(() => {
    const look = (): void =>
      void navigator.storage?.estimate?.().then(
        ({ usage, quota }) => {
          if (usage === undefined || quota === undefined || quota === 0) return;
          setRoom({ usedBytes: usage, totalBytes: quota, isScarce: quota - usage < SCARCE_BYTES });
        },
        () => undefined,
      );
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return room;
}
