/** Invariant under test: no history of sends, cursors, moves, failures and crashes loses, repeats or reorders what was acknowledged. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SURVIVOR_AGE_MS } from "./mailbox-bounds.ts";
import { account, DEVICE, Harness } from "../../test/mailbox-harness.ts";

test("any history of sends, cursors, moves, failures and crashes keeps every acknowledged message, in order, once", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), to: fc.subarray([1, 2, 3], { minLength: 1 }) }) },
    { weight: 3, arbitrary: fc.constant({ kind: "flush" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "fail" as const }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("cursor" as const),
        n: fc.constantFrom(1, 2, 3),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: "upkeep" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "age" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const subject = new Harness();
      try {
        /** The model: acknowledged texts by account, and those a written cursor may have taken away. */
        const acknowledged = new Map<number, { text: string; confirmed: boolean }[]>([1, 2, 3].map((n) => [n, []]));
        let pending: { to: number[]; text: string }[] = [];
        let sent = 0;
        const check = (afterCrash: boolean): void => {
          for (const [n, all] of acknowledged) {
            const texts = subject.texts(n);
            const open = all.filter((message) => !message.confirmed).map((message) => message.text);
            // After a crash a cursor that was not written yet may show messages again, never out of order, never fewer.
            if (afterCrash) {
              const everything = all.map((message) => message.text);
              expect(texts).toEqual(everything.slice(everything.length - texts.length));
              expect(texts.length).toBeGreaterThanOrEqual(open.length);
              for (const [i, message] of all.entries()) message.confirmed = i < all.length - texts.length;
            } else {
              expect(texts).toEqual(open);
            }
          }
        };
        for (const action of steps) {
          if (action.kind === "send") {
            const text = `m${++sent}`;
            subject.send(
              text,
              action.to.map((n) => [n, DEVICE]),
            );
            pending.push({ to: action.to, text });
          } else if (action.kind === "flush" || action.kind === "fail") {
            subject.failNextInsert = action.kind === "fail" && pending.length > 0;
            const failed = subject.failNextInsert;
            subject.flush();
            if (!failed) for (const { to, text } of pending) for (const n of to) acknowledged.get(n)!.push({ text, confirmed: false });
            pending = [];
          } else if (action.kind === "cursor") {
            const mailbox = subject.mailboxes.mailbox(account(action.n), DEVICE);
            const sequence = Math.floor(mailbox.last * action.part);
            subject.advance(sequence, action.n);
            for (const message of acknowledged.get(action.n)!.slice(0, sequence)) message.confirmed = true;
          } else if (action.kind === "upkeep") {
            subject.mailboxes.upkeep();
          } else if (action.kind === "age") {
            subject.clock.jump(SURVIVOR_AGE_MS);
            subject.mailboxes.upkeep();
          } else {
            subject.crash();
            pending = [];
            check(true);
          }
          check(false);
        }
        expect(subject.faults).toEqual([]);
      } finally {
        subject.remove();
      }
    }),
    { numRuns: 150, seed: 20_261_122 },
  );
});
