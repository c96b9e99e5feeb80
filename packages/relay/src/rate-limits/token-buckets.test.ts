import { expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

test("lets a burst through, then one per refill, and says how long to wait", () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 3, refillMs: 1_000 }, () => now);
  expect([1, 2, 3].map(() => buckets.take("a"))).toEqual([0, 0, 0]);
  expect(buckets.take("a")).toBe(1_000);
  expect(buckets.take("b")).toBe(0);
  now = 400;
  expect(buckets.take("a")).toBe(600);
  now = 1_000;
  expect(buckets.take("a")).toBe(0);
  now = 1_000_000;
  expect(buckets.take("a", 3)).toBe(0);
  expect(buckets.take("a", 2)).toBe(2_000);
});

test("waiting exactly as long as told is enough", () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 5, refillMs: 333.3 }, () => now);
  for (let i = 0; i < 200; i++) {
    const waitMs = buckets.take("a");
    if (waitMs === 0) continue;
    now += waitMs;
    expect(buckets.take("a")).toBe(0);
  }
});

test("remembers a bounded number of keys, the freshest ones", () => {
  const buckets = new TokenBuckets({ burst: 1, refillMs: 1_000 }, () => 0, 2);
  expect(buckets.take("a")).toBe(0);
  expect(buckets.take("b")).toBe(0);
  expect(buckets.take("a")).toBe(1_000);
  expect(buckets.take("c")).toBe(0);
  expect(buckets.take("a")).toBe(1_000);
  expect(buckets.take("b")).toBe(0);
});

test("a cost above the burst can be paid by a full bucket", () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 2, refillMs: 10 }, () => now);
  expect(buckets.take("a", 50)).toBe(0);
  expect(buckets.take("a", 50)).toBe(20);
  now = 20;
  expect(buckets.take("a", 50)).toBe(0);
});
