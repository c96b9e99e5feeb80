/**
 * Runs asynchronous jobs one after another. Invariant: no two jobs of a queue overlap, so that a job may read, wait and write
 * without anyone having written in between. (What waits for nothing needs no queue: a transaction is one tick.)
 */
import { OperationalError } from "@hawser/base";

export const MAX_QUEUED_JOBS = 256;

export interface SerialQueue {
  run<T>(job: () => Promise<T>): Promise<T>;
}

export function createSerialQueue(): SerialQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let length = 0;
  return {
    run(job) {
      if (length >= MAX_QUEUED_JOBS) return Promise.reject(new OperationalError("OVERLOADED", { retry: { afterMs: 1_000 } }));
      length++;
      const result = tail.then(job);
      tail = result.then(
        () => void length--,
        () => void length--,
      );
      return result;
    },
  };
}
