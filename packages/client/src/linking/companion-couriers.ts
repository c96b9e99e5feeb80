/**
 * Drives the companion's couriers: letters for each code that can be scanned, and codes of phones that were read here.
 * Invariants: a courier's state is on disk before any effect of its step; it ends together with its code.
 */
import { OperationalError } from "@hawser/base";
import {
  canBeScanned,
  type CompanionState,
  type GiverEffect,
  type GiverInput,
  type GiverState,
  giverStatus,
  INITIAL_GIVER,
  type LinkCodeParts,
  newestParts,
  parseReverseCode,
  planCouriers,
  resumeGiver,
  runLinkJob,
  shownLetters,
  stepGiver,
} from "@hawser/linking";
import type { AdmissionPlace, RendezvousMessage } from "@hawser/wire";
import type { Core } from "../core.ts";
import type { Route } from "../outcomes/attempts.ts";
import { placeInput, type Rendezvous, slotInput } from "./rendezvous.ts";
import { createTimers, type Timers } from "./timers.ts";

const SAVED = "link-couriers";
/** Behind every code's own key: at most one code of a phone is answered at a time. */
const REVERSE = "reverse";

interface Saved {
  readonly wanted: boolean;
  /** `reverseOf`. */
  readonly reverseOf?: string | undefined;
  readonly couriers: Readonly<Record<string, GiverState>>;
}

interface Courier {
  state: GiverState;
  readonly timers: Timers;
}

export interface CompanionCouriers {
  /** Letters are wanted from now on, until `clear`. */
  want(): void;
  /** After every step of the companion's machine. */
  follow(state: CompanionState): void;
  letters(state: CompanionState): string | undefined;
  /** How the code of this rendezvous came to a phone. */
  routeOf(rendezvousId: string | undefined): Route;
  /** Resolves when the phone that shows this code can have the parts; rejects with the reason. */
  openReverse(text: string, state: CompanionState | undefined): Promise<void>;
  connected(): void;
  slot(message: RendezvousMessage): void;
  place(told: AdmissionPlace): void;
  resume(): void;
  clear(): void;
  stop(): void;
}

/** `changed`: what the letters are. */
export function createCompanionCouriers(core: Core, rendezvous: Rendezvous, changed: () => void): CompanionCouriers {
  const couriers = new Map<string, Courier>();
  let wanted = false;
  let stopped = false;
  let reverseEnded: (() => void) | undefined;
  /** Of the code whose parts a phone's code was answered with. */
  let reverseOf: string | undefined;
  /** Of the courier that ends because its code was used. */
  let usedUp: string | undefined;

  const save = (): void => {
    if (!wanted && couriers.size === 0) return core.store.kv.delete(SAVED);
    const saved: Saved = { wanted, reverseOf, couriers: Object.fromEntries([...couriers].map(([key, { state }]) => [key, state])) };
    core.store.kv.setJson(SAVED, saved);
  };
  const add = (key: string, state: GiverState): Courier => {
    const courier = { state, timers: createTimers(core.ports.clock, (timer) => input(key, { type: "timer", timer })) };
    couriers.set(key, courier);
    return courier;
  };
  const input = (key: string, given: GiverInput): void => {
    const courier = couriers.get(key);
    if (courier === undefined || stopped) return;
    take(key, courier, stepGiver(courier.state, given, core.pairContext()));
  };
  const take = (key: string, courier: Courier, step: { readonly state: GiverState; readonly effects: readonly GiverEffect[] }): void => {
    core.observe.giver(key, courier.state, step.state, key === REVERSE ? "reverse" : "typed", key === usedUp);
    courier.state = step.state;
    for (const effect of step.effects) run(key, courier, effect);
    if (key === REVERSE && giverStatus(step.state).outcome !== "open") reverseEnded?.();
  };
  /** `isUsed`: a phone has the code already. */
  const end = (key: string, isUsed = false): void => {
    usedUp = isUsed ? key : undefined;
    input(key, { type: "cancel" });
    usedUp = undefined;
    couriers.get(key)?.timers.stop();
    couriers.delete(key);
  };

  const run = (key: string, courier: Courier, effect: GiverEffect): void => {
    const answer = (given: GiverInput): void => input(key, given);
    switch (effect.type) {
      case "persist":
        return save();
      case "crypto":
        void runLinkJob(core.ports.primitives, effect.job).then((result) =>
          answer({ type: "crypto-result", effectId: effect.effectId, result }),
        );
        return;
      case "rendezvous-put":
        return rendezvous.put(effect, answer);
      case "rendezvous-watch":
        return rendezvous.watch(effect, answer);
      case "rendezvous-leave":
        return rendezvous.leave(effect.rendezvousId);
      case "set-timer":
        return courier.timers.set(effect.timer, effect.afterMs);
      case "clear-timer":
        return courier.timers.clear(effect.timer);
      case "status":
        return changed();
    }
  };

  const hasHanded = (key: string): boolean => ["handing", "given"].includes(couriers.get(key)?.state.kind ?? "");

  const reverse = (code: LinkCodeParts, parts: LinkCodeParts): Promise<void> =>
    new Promise((resolve, reject) => {
      end(REVERSE);
      reverseOf = parts.rendezvousId;
      const courier = add(REVERSE, INITIAL_GIVER);
      reverseEnded = () => {
        reverseEnded = undefined;
        const { outcome, error } = giverStatus(courier.state);
        if (outcome === "given") resolve();
        else reject(new OperationalError(error ?? "CANCELLED"));
      };
      input(REVERSE, { type: "give-reverse", origin: core.ports.origin, parts, code });
    });

  return {
    want() {
      wanted = true;
      save();
    },
    follow(state) {
      const typed = [...couriers.keys()].filter((key) => key !== REVERSE);
      const plan = planCouriers(state, typed, wanted);
      const used = state.channel?.rendezvousId;
      for (const key of plan.stop) end(key, key === used);
      for (const parts of plan.start) {
        add(parts.rendezvousId, INITIAL_GIVER);
        input(parts.rendezvousId, { type: "give-typed", origin: core.ports.origin, parts });
      }
      const answering = couriers.get(REVERSE)?.state.parts;
      const isOver = answering !== undefined && !canBeScanned(state, answering.rendezvousId);
      if (isOver) end(REVERSE, answering.rendezvousId === used);
      if (isOver || plan.stop.length > 0) save();
    },
    letters: (state) => shownLetters(state, new Map([...couriers].map(([key, courier]) => [key, courier.state]))),
    routeOf(rendezvousId) {
      if (rendezvousId === undefined) return "other";
      if (rendezvousId === reverseOf && hasHanded(REVERSE)) return "reverse";
      return hasHanded(rendezvousId) ? "typed" : "code";
    },
    async openReverse(text, state) {
      const parsed = parseReverseCode(text, core.ports.origin);
      if (!parsed.ok) throw new OperationalError(parsed.error.kind);
      const parts = state === undefined ? undefined : newestParts(state);
      if (parts === undefined) throw new OperationalError("WRONG_PHASE");
      await reverse(parsed.value, parts);
    },
    connected() {
      for (const key of couriers.keys()) input(key, { type: "connected" });
    },
    slot(message) {
      const given = slotInput(message);
      for (const key of couriers.keys()) input(key, given);
    },
    place(told) {
      const given = placeInput(told);
      for (const key of couriers.keys()) input(key, given);
    },
    resume() {
      const saved = core.store.kv.getJson<Saved>(SAVED);
      if (saved === undefined) return;
      ({ wanted, reverseOf } = saved);
      for (const [key, state] of Object.entries(saved.couriers))
        take(key, add(key, { ...INITIAL_GIVER, ...state }), resumeGiver({ ...INITIAL_GIVER, ...state }, core.pairContext()));
    },
    clear() {
      wanted = false;
      for (const key of couriers.keys()) end(key);
      save();
    },
    stop() {
      stopped = true;
      for (const { timers } of couriers.values()) timers.stop();
    },
  };
}
