/**
 * Drives the wishes: which jobs belong together, who is asked next. Invariant: a wish knows every open job of the store that was begun for
 * it; what it decides is done at once, inside the transaction if there is one.
 */
import {
  isOver,
  needsSource,
  restoreWish,
  type SinkState,
  stepWish,
  type WishEffect,
  type WishInput,
  type WishState,
  withJob,
} from "@hawser/sync";
import type { Core } from "../core.ts";

export interface Wishes {
  /** A job was begun, here or by its source, or was found in the store. */
  join(wish: string, jobId: string, source: number): void;
  tell(input: Exclude<WishInput, { type: "looked" }>): void;
  /** The jobs of the same wish, the given one among them. */
  siblings(jobId: string): readonly string[];
  forget(): void;
}

export interface WishParts {
  readonly online: () => boolean;
  readonly candidates: (wish: string) => readonly number[];
  readonly patient: (wish: string) => boolean;
  readonly sink: (jobId: string) => SinkState | undefined;
  readonly perform: (wish: string, effect: Exclude<WishEffect, { type: "look-again" }>) => void;
}

export function createWishes(core: Core, parts: WishParts): Wishes {
  const wishes = new Map<string, WishState>();
  const wishOf = new Map<string, string>();
  const timers = new Map<string, () => void>();

  const view = (wish: string, state: WishState) => {
    const open = state.jobs.flatMap(({ jobId }) => parts.sink(jobId) ?? []).filter((sink) => !isOver(sink));
    return {
      nowMs: core.ports.clock.nowMs(),
      online: parts.online(),
      needsSource: open.every(needsSource),
      patient: parts.patient(wish),
      candidates: parts.candidates(wish),
    };
  };
  const input = (wish: string, given: WishInput): void => {
    const state = wishes.get(wish);
    if (state === undefined || core.identity.self() === undefined) return;
    const step = stepWish(state, given, view(wish, state));
    wishes.set(wish, step.state);
    for (const effect of step.effects) {
      if (effect.type === "look-again") lookAgain(wish, effect.afterMs);
      else parts.perform(wish, effect);
    }
    if (step.state.over) timers.get(wish)?.();
  };
  const lookAgain = (wish: string, afterMs: number): void => {
    timers.get(wish)?.();
    timers.set(
      wish,
      core.ports.clock.after(afterMs, () => input(wish, { type: "looked" })),
    );
  };

  return {
    join(wish, jobId, source) {
      const nowMs = core.ports.clock.nowMs();
      wishOf.set(jobId, wish);
      wishes.set(wish, withJob(wishes.get(wish) ?? restoreWish([], nowMs), jobId, source, nowMs));
      input(wish, { type: "looked" });
    },
    tell(given) {
      const wish = wishOf.get(given.jobId);
      if (wish !== undefined) input(wish, given);
    },
    siblings: (jobId) => wishes.get(wishOf.get(jobId) ?? "")?.jobs.map((job) => job.jobId) ?? [jobId],
    forget() {
      for (const cancel of timers.values()) cancel();
      for (const known of [wishes, wishOf, timers]) known.clear();
    },
  };
}
