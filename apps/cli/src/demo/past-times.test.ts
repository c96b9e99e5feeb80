import fc from "fast-check";
import { expect, test } from "vitest";
import { pastTimes } from "./past-times.ts";

const DAY_MS = 86_400_000;

test("times rise by whole seconds, lie in the past, and are the same again", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 2, max: 60 }),
      fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
      (count, days, endMs) => {
        const times = pastTimes(count, endMs, days);
        expect(times).toEqual(pastTimes(count, endMs, days));
        expect(times.length).toBe(count);
        for (const [index, time] of times.entries()) {
          expect(time % 1_000).toBe(0);
          if (index > 0) expect(time).toBeGreaterThan(times[index - 1]!);
        }
        expect(times.at(-1)!).toBeLessThan(endMs);
        expect(times[0]!).toBeGreaterThan(endMs - (days + 2) * DAY_MS);
      },
    ),
  );
});
