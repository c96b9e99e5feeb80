/**
 * Jobs that their sources begin. Invariant: what serves a wish is what was asked for, or the first history that whoever linked this device
 * hands it; an imported chat, or what a source was given late, is a wish of its own, and neither ends another nor is ended by one.
 */
import { isOver, type SinkState } from "@hawser/sync";
import type { StoredJob } from "./stored-job.ts";

export function unaskedJob(
  jobId: string,
  isFirstHistory: boolean,
  jobs: Iterable<SinkState>,
  stored: (jobId: string) => Partial<StoredJob>,
): Pick<StoredJob, "wish" | "extra"> {
  if (!isFirstHistory) return { wish: jobId, extra: true };
  for (const state of jobs) {
    const { wish = state.job.jobId, part, quiet, extra } = stored(state.job.jobId);
    if (!isOver(state) && part === undefined && quiet === undefined && extra === undefined) return { wish };
  }
  return { wish: jobId };
}
