/** Times at which people might have written: by day, in bursts, quiet at night. The same arguments give the same times. */
const DAY_MS = 86_400_000;
const FIRST_HOUR = 8;
const WAKING_HOURS = 14;
/** A burst is so many messages; inside it they are so far apart. */
const BURST_MESSAGES = 9;
const MIN_PAUSE_S = 7;
const MAX_PAUSE_S = 150;
/** The past ends so long before `endMs`. */
const QUIET_BEFORE_END_MS = 90 * 60_000;

/** `count` times, rising, whole seconds, within `days` before `endMs`. */
export function pastTimes(count: number, endMs: number, days: number): number[] {
  const chance = generator(count * 31 + days);
  const bursts = Math.max(1, Math.ceil(count / BURST_MESSAGES));
  const lastMs = endMs - QUIET_BEFORE_END_MS;
  const times: number[] = [];
  for (let burst = 0; burst < bursts; burst++) {
    const dayStart = startOfDay(endMs - days * DAY_MS + ((burst + 0.5) / bursts) * days * DAY_MS);
    let atMs = dayStart + (FIRST_HOUR + chance() * WAKING_HOURS) * 3_600_000;
    for (let i = 0; i < BURST_MESSAGES && times.length < count; i++) {
      atMs += (MIN_PAUSE_S + chance() * (MAX_PAUSE_S - MIN_PAUSE_S)) * 1_000;
      times.push(atMs);
    }
  }
  // Two bursts of one day may overlap, and the last one may reach into the future.
  times.sort((a, b) => a - b);
  let next = Infinity;
  for (let i = times.length - 1; i >= 0; i--) {
    next = Math.min(Math.floor(Math.min(times[i]!, lastMs) / 1_000) * 1_000, next - 1_000);
    times[i] = next;
  }
  return times;
}

function startOfDay(timeMs: number): number {
  const date = new Date(timeMs);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/** Mulberry32: a small generator with a seed; nothing here has to be secret. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
