/**
 * How long it took until people knew. What is over before the app would speak needs no words: then the longest time in which a device was
 * on and not connected is the figure, and it may not be longer than the app keeps quiet about.
 */
import { type Figure, QUIET_SECONDS } from "./scenario.ts";
import type { Device } from "./stage.ts";

const SECOND_MS = 1_000;

/** Seconds from the moment at which a device lost its connection until its screen said so, of all that did after `sinceMs`; the slowest. */
export function toldOfOutages(devices: readonly Device[], sinceMs: number, nowMs: number): Figure {
  const outages = devices.flatMap(({ screen }) => screen.outages).filter(({ untilMs = nowMs }) => untilMs > sinceMs);
  return outages
    .map(({ fromMs, untilMs = nowMs, saidAtMs }): Figure => {
      const beganMs = Math.max(fromMs, sinceMs);
      return saidAtMs === undefined ? { longestSeconds: (untilMs - beganMs) / SECOND_MS } : Math.max(0, saidAtMs - beganMs) / SECOND_MS;
    })
    .reduce(slower, { longestSeconds: 0 });
}

/** Seconds from then until one of these words stood on the screen. */
export const toldWords = ({ screen }: Device, words: readonly string[], sinceMs: number): number =>
  ((screen.saidAtMs(words, sinceMs) ?? Number.POSITIVE_INFINITY) - sinceMs) / SECOND_MS;

/** Words that came late weigh more than a moment that needed none; a moment that was too long for that weighs most. */
export function slower(one: Figure, other: Figure): Figure {
  const [a, b] = [weightOf(one), weightOf(other)];
  return a >= b ? one : other;
}

function weightOf(figure: Figure): number {
  if (typeof figure === "number") return figure;
  return figure.longestSeconds > QUIET_SECONDS ? Number.POSITIVE_INFINITY : figure.longestSeconds - QUIET_SECONDS - 1;
}
