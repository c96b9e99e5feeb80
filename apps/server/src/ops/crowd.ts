/**
 * Whether fewer devices are connected than usual, told in three words to anybody who asks: one client cannot see others, and their
 * absence tells a server's trouble from its own. Invariant: no number leaves, and a small server says nothing, where it would be about people.
 */
import type { Clock } from "@hawser/base";

export type Crowd = "usual" | "fewer" | "far-fewer";

export interface CrowdWatch {
  /** `undefined` while too few are there, or it is not known yet what is usual. */
  now(): Crowd | undefined;
  stop(): void;
}

const SAMPLE_EVERY_MS = 60_000;
/** Weight of a new sample: what is usual follows a change within some hours, and a fault of minutes hardly moves it. */
const SAMPLE_WEIGHT = 1 / 240;
const SAMPLES_UNTIL_KNOWN = 60;
const SMALLEST_CROWD = 50;
const FEWER_BELOW = 0.7;
const FAR_FEWER_BELOW = 0.3;

export function watchCrowd(connections: () => number, clock: Clock): CrowdWatch {
  let usual = 0;
  let samples = 0;
  let cancel = (): void => undefined;
  const sample = (): void => {
    samples += 1;
    usual += (connections() - usual) * Math.max(SAMPLE_WEIGHT, 1 / samples);
    cancel = clock.after(SAMPLE_EVERY_MS, sample);
  };
  cancel = clock.after(SAMPLE_EVERY_MS, sample);
  return {
    now() {
      if (samples < SAMPLES_UNTIL_KNOWN || usual < SMALLEST_CROWD) return undefined;
      const share = connections() / usual;
      return share < FAR_FEWER_BELOW ? "far-fewer" : share < FEWER_BELOW ? "fewer" : "usual";
    },
    stop: () => cancel(),
  };
}
