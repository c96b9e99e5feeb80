/** Bounded waits that say what they waited for. Nothing in these tests sleeps for a fixed time. */
const POLL_INTERVAL_MS = 50;

/** Polls until `probe` gives something other than `undefined`, `false` or `null`; fails with `cause` at the deadline. */
export async function until<T>(
  cause: string,
  probe: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<Exclude<T, undefined | false | null>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      last = value;
      if (value !== undefined && value !== false && value !== null) return value as Exclude<T, undefined | false | null>;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${cause}; last: ${describe(last)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  return String(JSON.stringify(value)).slice(0, 300);
}

/** Fails with `cause` when `promise` takes longer. */
export async function within<T>(cause: string, timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms in vain until ${cause}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
