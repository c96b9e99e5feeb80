import { expect, test } from "vitest";
import type { Connection } from "./connection.ts";
import { LoadMeter } from "./load-meter.ts";

function busy(connections: number) {
  const meter = new LoadMeter();
  const all = Array.from({ length: connections }, (_, i) => i as unknown as Connection);
  const told: number[][] = [];
  const sweep = (lateMs: number, times = 1): void => {
    for (let i = 0; i < times; i++) {
      const now: number[] = [];
      meter.swept(
        lateMs,
        () => [...all],
        (_connection, percent) => now.push(percent),
      );
      told.push(now);
    }
  };
  return { meter, told, sweep };
}

test("one late timer is nothing, several are; relief must last before it is believed", () => {
  const { meter, sweep } = busy(1);
  sweep(5_000, 2);
  sweep(0);
  expect(meter.percent).toBe(100);
  sweep(300, 3);
  expect(meter.percent).toBe(200);
  sweep(5_000, 3);
  expect(meter.percent).toBe(400);
  sweep(0, 29);
  expect(meter.percent).toBe(400);
  sweep(0);
  expect(meter.percent).toBe(100);
});

test("everybody is told once, a thousand at a time", () => {
  const { told, sweep } = busy(2_500);
  sweep(1_000, 10);
  expect(told.map(({ length }) => length)).toEqual([0, 0, 1_000, 1_000, 500, 0, 0, 0, 0, 0]);
  expect(new Set(told.flat())).toEqual(new Set([400]));
});
