/**
 * Drives the phone's couriers: letters that were typed, and a code that it shows; one of each. Invariants: a courier's state is on
 * disk before any effect of its step; what one brings goes the way of a scanned code, so that all ways lead to one attempt.
 */
import { OperationalError } from "@hawser/base";
import {
  INITIAL_TAKER,
  type LinkCodeParts,
  type LinkStatus,
  parseTypedCode,
  recentTries,
  resumeTaker,
  runLinkJob,
  stepTaker,
  type TakerEffect,
  type TakerInput,
  type TakerState,
  takerStatus,
  waitBeforeTry,
} from "@hawser/linking";
import type { RendezvousMessage } from "@hawser/wire";
import type { Core } from "../core.ts";
import { type Rendezvous, slotInput } from "./rendezvous.ts";
import { createTimers, type Timers } from "./timers.ts";

const SAVED = "phone-couriers";
const WRONG_TRIES = "typed-code-tries";

type Way = "typed" | "reverse";

interface Courier {
  state: TakerState;
  readonly timers: Timers;
}

interface Parts {
  readonly rendezvous: Rendezvous;
  /** As if it had been scanned. */
  readonly open: (code: LinkCodeParts, way: Way) => void;
  readonly failuresInARow: () => number;
  readonly failed: (failuresInARow: number) => void;
  readonly status: (status: LinkStatus) => void;
}

export interface PhoneCouriers {
  openTyped(text: string): LinkStatus;
  showReverse(): LinkStatus;
  cancel(): void;
  connected(): void;
  slot(message: RendezvousMessage): void;
  resume(): void;
  stop(): void;
}

export function createPhoneCouriers(core: Core, parts: Parts): PhoneCouriers {
  const couriers = new Map<Way, Courier>();
  let stopped = false;

  const save = (): void => {
    if (couriers.size === 0) return core.store.kv.delete(SAVED);
    core.store.kv.setJson(SAVED, Object.fromEntries([...couriers].map(([way, { state }]) => [way, state])));
  };
  const add = (way: Way, state: TakerState): Courier => {
    const courier: Courier = {
      state,
      timers: createTimers(core.ports.clock, (timer) => input(way, courier, { type: "timer", timer })),
    };
    couriers.set(way, courier);
    return courier;
  };
  const input = (way: Way, courier: Courier, given: TakerInput): void => {
    if (stopped) return;
    take(way, courier, stepTaker(courier.state, given, core.pairContext()));
  };
  const take = (way: Way, courier: Courier, step: { readonly state: TakerState; readonly effects: readonly TakerEffect[] }): void => {
    const before = courier.state.kind;
    core.observe.taker(courier.state, step.state, way);
    courier.state = step.state;
    for (const effect of step.effects) run(way, courier, effect);
    const { kind } = step.state;
    if (before === kind || (kind !== "taken" && kind !== "failed")) return;
    courier.timers.stop();
    if (kind === "failed") note(step.state);
    if (couriers.get(way) === courier) couriers.delete(way);
    save();
  };
  const note = ({ error, failuresInARow }: TakerState): void => {
    parts.failed(failuresInARow);
    if (error !== "CODE_WRONG") return;
    const nowMs = core.timeMs();
    core.store.kv.setJson(WRONG_TRIES, recentTries([...(core.store.kv.getJson<number[]>(WRONG_TRIES) ?? []), nowMs], nowMs));
  };
  /** One that another took the place of ends in silence. */
  const replace = (way: Way): void => {
    const courier = couriers.get(way);
    couriers.delete(way);
    if (courier !== undefined) input(way, courier, { type: "cancel" });
  };

  /** Whatever the screen said before is over. */
  const begin = (way: Way, courier: Courier, given: TakerInput): LinkStatus => {
    input(way, courier, given);
    const status = takerStatus(courier.state);
    parts.status(status);
    return status;
  };

  const run = (way: Way, courier: Courier, effect: TakerEffect): void => {
    const answer = (given: TakerInput): void => input(way, courier, given);
    switch (effect.type) {
      case "persist":
        return save();
      case "crypto":
        void runLinkJob(core.ports.primitives, effect.job).then((result) =>
          answer({ type: "crypto-result", effectId: effect.effectId, result }),
        );
        return;
      case "rendezvous-put":
        return parts.rendezvous.put(effect, answer);
      case "rendezvous-watch":
        return parts.rendezvous.watch(effect, answer);
      case "rendezvous-leave":
        return parts.rendezvous.leave(effect.rendezvousId);
      case "set-timer":
        return courier.timers.set(effect.timer, effect.afterMs);
      case "clear-timer":
        return courier.timers.clear(effect.timer);
      case "status":
        return couriers.get(way) === courier ? parts.status(effect.status) : undefined;
      case "open-code":
        try {
          parts.open(effect.code, way);
        } catch (error) {
          // Too many links at once, or no phone any more: the deadline says so.
          return core.log({ event: "courier-code-refused", error: error instanceof OperationalError ? error.code : "unknown" });
        }
        return answer({ type: "opened", effectId: effect.effectId });
    }
  };

  return {
    openTyped(text) {
      core.identity.requirePhone();
      const parsed = parseTypedCode(text);
      if (!parsed.ok) throw new OperationalError(parsed.error.kind);
      const waitMs = waitBeforeTry(core.store.kv.getJson<number[]>(WRONG_TRIES) ?? [], core.timeMs());
      if (waitMs > 0) throw new OperationalError("RATE_LIMITED", { retry: { afterMs: waitMs } });
      replace("typed");
      const courier = add("typed", INITIAL_TAKER);
      const { origin } = core.ports;
      return begin("typed", courier, { type: "take-typed", origin, code: parsed.value, failuresInARow: parts.failuresInARow() });
    },
    showReverse() {
      core.identity.requirePhone();
      const shown = couriers.get("reverse");
      if (shown?.state.kind === "shown") return takerStatus(shown.state);
      replace("reverse");
      const courier = add("reverse", INITIAL_TAKER);
      return begin("reverse", courier, { type: "take-reverse", origin: core.ports.origin, failuresInARow: parts.failuresInARow() });
    },
    cancel() {
      for (const [way, courier] of couriers) input(way, courier, { type: "cancel" });
    },
    connected() {
      for (const [way, courier] of couriers) input(way, courier, { type: "connected" });
    },
    slot(message) {
      const given = slotInput(message);
      for (const [way, courier] of couriers) input(way, courier, given);
    },
    resume() {
      const saved = core.store.kv.getJson<Partial<Record<Way, TakerState>>>(SAVED) ?? {};
      for (const way of ["typed", "reverse"] as const) {
        const state = saved[way];
        if (state === undefined || couriers.has(way)) continue;
        take(way, add(way, { ...INITIAL_TAKER, ...state }), resumeTaker({ ...INITIAL_TAKER, ...state }, core.pairContext()));
      }
    },
    stop() {
      stopped = true;
      for (const { timers } of couriers.values()) timers.stop();
    },
  };
}
