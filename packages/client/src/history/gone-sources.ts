/** Jobs whose source left the account's list: nobody answers them any more. What they were for is asked of the next device, if there is one. */
import { isOver, type SinkState } from "@hawser/sync";
import { ARCHIVE_SOURCE, type HistoryPart, type StoredJob } from "./stored-job.ts";

interface Driver {
  readonly jobs: ReadonlyMap<string, SinkState>;
  readonly stored: (jobId: string) => Partial<StoredJob>;
  readonly siblings: (jobId: string) => readonly string[];
  readonly candidates: (part: HistoryPart | undefined) => readonly number[];
  readonly end: (jobId: string) => void;
  readonly ask: (source: number, part: HistoryPart | undefined, wish: string) => void;
}

/** Says whether there were any. */
export function endJobsOfGone(driver: Driver, listed: (device: number) => boolean): boolean {
  const { jobs, stored, siblings, candidates } = driver;
  const isOpen = (jobId: string): boolean => {
    const state = jobs.get(jobId);
    return state !== undefined && !isOver(state);
  };
  const gone = [...jobs.values()].filter((state) => !isOver(state) && state.job.source !== ARCHIVE_SOURCE && !listed(state.job.source));
  for (const { job } of gone) {
    const { part, quiet, wish = job.jobId } = stored(job.jobId);
    const same = siblings(job.jobId);
    driver.end(job.jobId);
    const next = candidates(part)[0];
    if (quiet !== true && next !== undefined && !same.some(isOpen)) driver.ask(next, part, wish);
  }
  return gone.length > 0;
}
