import fc from "fast-check";
import { expect, test } from "vitest";
import { compareStamps, mergeStamp, nextStamp, type StateStamp } from "./state-log.ts";

interface Write extends StateStamp {
  readonly value: string;
}

/** A device as the client keeps it: one value, and the newest stamp it has seen. */
function replay(writes: readonly Write[]): string | undefined {
  let current: Write | undefined;
  for (const write of writes) if (mergeStamp(current, write) === "advance") current = write;
  return current?.value;
}

test("devices that saw the same writes hold the same value, whatever the order and the repetitions", () => {
  const write = fc.record({ timeMs: fc.nat(5), counter: fc.nat(3), device: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(
      fc.uniqueArray(write, { selector: (w) => `${w.timeMs}.${w.counter}.${w.device}`, maxLength: 12 }),
      fc.infiniteStream(fc.nat()),
      (stamps, noise) => {
        const writes = stamps.map((stamp, i) => ({ ...stamp, value: String(i) }));
        const shuffled = [...writes, ...writes].sort(() => (noise.next().value! % 3) - 1);
        expect(replay(shuffled)).toBe(replay(writes));
      },
    ),
  );
});

test("a local write wins over everything the device has seen, also when its clock is years behind", () => {
  const seen: StateStamp = { timeMs: 2_000_000_000_000, counter: 4, device: 9 };
  for (const nowMs of [0, 1_000, seen.timeMs - 1, seen.timeMs, seen.timeMs + 1]) {
    expect(compareStamps(nextStamp(seen, nowMs, 1), seen)).toBeGreaterThan(0);
  }
});

test("the clock is followed when it runs ahead, and the counter starts again", () => {
  expect(nextStamp({ timeMs: 10, counter: 7, device: 2 }, 11, 3)).toEqual({ timeMs: 11, counter: 0, device: 3 });
});
