/**
 * The world of `test-world.ts` with every way to a code: couriers of the companion, and people with phones who scan, type,
 * show a code of their own, or only guess. Every step is chosen by a seed.
 */
import { toBase64Url, utf8 } from "@hawser/base";
import { companionStatus } from "./companion-view.ts";
import type { GiverState } from "./courier-giver-state.ts";
import { type GiverEffect, type GiverInput, giverStatus, INITIAL_GIVER, resumeGiver, stepGiver } from "./courier-giver.ts";
import { canBeScanned, newestParts, planCouriers, shownLetters } from "./courier-plan.ts";
import type { TakerState } from "./courier-taker-state.ts";
import { INITIAL_TAKER, resumeTaker, stepTaker, type TakerEffect, type TakerInput, takerStatus } from "./courier-taker.ts";
import { type LinkCodeParts, parseLinkCode, parseReverseCode } from "./link-code.ts";
import type { CompanionInput, PhoneEffect } from "./link-effects.ts";
import { INITIAL_PHONE } from "./phone-machine.ts";
import type { PhoneState } from "./phone-state.ts";
import { type Actor, LinkWorld, ORIGIN } from "./test-world.ts";
import { newTypedCode, parseTypedCode, type TypedCode } from "./typed-code.ts";

type Giver = Actor<GiverState, GiverEffect>;
type Taker = Actor<TakerState, TakerEffect>;
type PhoneActor = Actor<PhoneState, PhoneEffect<PhoneState>>;

export interface Person {
  /** By code, as a phone keeps its attempts. */
  readonly attempts: Map<string, PhoneActor>;
  typed: Taker | undefined;
  reverse: Taker | undefined;
}

const PEOPLE = 2;
const MAX_WRONG = 3;
const WAYS = ["scan", "type", "type", "type", "mistype", "guess", "guess", "guess", "reverse", "reverse"] as const;

function fresh<State, Effect>(state: State): Actor<State, Effect> {
  return { state, saved: JSON.stringify(state), tasks: [], timers: new Map(), watches: new Map() };
}

export class RouteWorld extends LinkWorld {
  readonly givers = new Map<string, Giver>();
  readonly people: Person[] = Array.from({ length: PEOPLE }, () => ({ attempts: new Map(), typed: undefined, reverse: undefined }));
  /** How many of each way brought a code to a phone. */
  readonly brought = { scanned: 0, typed: 0, reverse: 0 };
  guesses = 0;
  /** What people do in this world; each seed leaves some ways out. */
  readonly ways = WAYS.filter(() => this.random.next() < 0.6);
  readonly #shown = new Set<string>();
  /** By code: the places where a wrong answer came. */
  readonly #wrong = new Map<string, Set<string>>();

  override tellCompanion(input: CompanionInput): void {
    super.tellCompanion(input);
    const plan = planCouriers(
      this.companion.state,
      [...this.givers.keys()].filter((key) => key !== "reverse"),
      true,
    );
    for (const key of plan.stop) {
      this.#tellGiver(key, { type: "cancel" });
      this.#endGiver(key);
    }
    for (const parts of plan.start) {
      this.#shown.add(JSON.stringify(parts));
      this.givers.set(parts.rendezvousId, fresh(INITIAL_GIVER));
      this.#tellGiver(parts.rendezvousId, { type: "give-typed", origin: ORIGIN, parts });
    }
    const answering = this.givers.get("reverse")?.state.parts;
    if (answering !== undefined && !canBeScanned(this.companion.state, answering.rendezvousId)) {
      this.#tellGiver("reverse", { type: "cancel" });
      this.#endGiver("reverse");
    }
    const live = this.companion.state.codes.map(({ rendezvousId }) => rendezvousId);
    for (const key of this.givers.keys()) if (key !== "reverse" && !live.includes(key)) this.violations.push("letters outlived their code");
  }

  #endGiver(key: string): void {
    const giver = this.givers.get(key);
    if (giver !== undefined && /"(password|secret)":"[^"]/.test(giver.saved)) this.violations.push("an ended courier kept a secret");
    this.givers.delete(key);
  }

  #tellGiver(key: string, input: GiverInput): void {
    const giver = this.givers.get(key);
    if (giver === undefined) return;
    const step = stepGiver(giver.state, input, this);
    giver.state = step.state;
    this.take(giver, step.effects);
    const { kind, rendezvousId } = step.state;
    const isWrong = this.#wrong.get(key)?.has(rendezvousId) === true;
    if (isWrong && (kind === "shown" || kind === "handing" || kind === "given"))
      this.violations.push("letters that were guessed at went on working");
  }

  #tellTaker(taker: Taker, input: TakerInput): void {
    const step = stepTaker(taker.state, input, this);
    taker.state = step.state;
    this.take(taker, step.effects);
  }

  #open(person: Person, code: LinkCodeParts): void {
    if (!this.#shown.has(JSON.stringify(code))) this.violations.push("a courier brought a code that nobody showed");
    if (person.attempts.has(code.rendezvousId)) return;
    const actor: PhoneActor = fresh(INITIAL_PHONE);
    person.attempts.set(code.rendezvousId, actor);
    this.phone = actor;
    const account = { accountId: toBase64Url(new Uint8Array(20)), handle: "ayse", origin: ORIGIN };
    const passkeys = this.passkeys === undefined ? {} : { passkeys: this.passkeys };
    this.tellPhone({ type: "scan", code, account, failuresInARow: 0, ...passkeys });
  }

  #any<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random.next() * from.length)];
  }
  get #attempts(): PhoneActor[] {
    return this.people.flatMap(({ attempts }) => [...attempts.values()]);
  }
  #takers(person: Person): Taker[] {
    return [person.typed, person.reverse].filter((taker) => taker !== undefined);
  }

  /** Somebody does something: scans, types, guesses, shows a code, or holds one before the companion's camera. */
  someoneActs(): void {
    const person = this.#any(this.people)!;
    const what = this.ways[Math.floor(this.random.next() * this.ways.length)];
    if (what === "scan") {
      const { uri } = companionStatus(this.companion.state);
      const code = uri === undefined ? undefined : parseLinkCode(uri, ORIGIN);
      if (code?.ok !== true || person.attempts.has(code.value.rendezvousId)) return;
      this.brought.scanned++;
      this.#open(person, code.value);
    } else if (what === "type") {
      const letters = shownLetters(this.companion.state, new Map([...this.givers].map(([key, { state }]) => [key, state])));
      const code = letters === undefined ? undefined : parseTypedCode(letters);
      if (code?.ok === true) this.#type(person, this.random.next() < 0.2 ? { ...code.value, password: "0000" } : code.value);
    } else if (what === "mistype") this.#type(person, newTypedCode(this.random));
    else if (what === "guess") this.#guess();
    else if (this.random.next() < 0.4) this.#show(person);
    else this.#hold(person);
  }

  #type(person: Person, code: TypedCode): void {
    if (person.typed !== undefined && takerStatus(person.typed.state).stage === "preparing" && person.typed.state.kind !== "taken") return;
    const taker: Taker = fresh(INITIAL_TAKER);
    person.typed = taker;
    this.#tellTaker(taker, { type: "take-typed", origin: ORIGIN, code, failuresInARow: 0 });
  }

  /** A stranger writes the phone's side of a nameplate, with letters of its own. */
  #guess(): void {
    const giver = this.#any([...this.givers.values()].filter(({ state }) => state.kind === "shown"));
    if (giver === undefined) return;
    this.guesses++;
    const key = `${giver.state.rendezvousId}|phone|0`;
    if (!this.slots.has(key)) this.slots.set(key, { body: toBase64Url(utf8('"0000"')), token: "a stranger", atMs: this.nowMs });
  }

  #show(person: Person): void {
    if (person.reverse !== undefined && !["taken", "failed"].includes(person.reverse.state.kind)) return;
    const taker: Taker = fresh(INITIAL_TAKER);
    person.reverse = taker;
    this.#tellTaker(taker, { type: "take-reverse", origin: ORIGIN, failuresInARow: 0 });
  }

  #hold(person: Person): void {
    const uri = person.reverse === undefined ? undefined : takerStatus(person.reverse.state).uri;
    const code = uri === undefined ? undefined : parseReverseCode(uri, ORIGIN);
    const parts = newestParts(this.companion.state);
    if (code?.ok !== true || parts === undefined) return;
    const before = this.givers.get("reverse");
    if (before !== undefined && giverStatus(before.state).outcome === "open") return;
    this.givers.set("reverse", fresh(INITIAL_GIVER));
    this.#shown.add(JSON.stringify(parts));
    this.#tellGiver("reverse", { type: "give-reverse", origin: ORIGIN, parts, code: code.value });
  }

  approveAny(): void {
    const asked = this.#attempts.filter(({ state }) => state.kind === "comparing");
    const actor = this.#any(asked);
    if (actor === undefined) return;
    this.phone = actor;
    this.approve();
  }

  /** One waiting task of anybody. */
  workAny(): void {
    const doers: (() => void)[] = [];
    if (this.companion.tasks.length > 0) doers.push(() => super.work("companion"));
    for (const actor of this.#attempts)
      if (actor.tasks.length > 0)
        doers.push(() => {
          this.phone = actor;
          super.work("phone");
        });
    for (const [key, giver] of this.givers) if (giver.tasks.length > 0) doers.push(() => this.#workGiver(key, giver));
    for (const person of this.people)
      for (const taker of this.#takers(person)) if (taker.tasks.length > 0) doers.push(() => this.#workTaker(person, taker));
    this.#any(doers)?.();
  }

  #workGiver(key: string, giver: Giver): void {
    const task = this.pick(giver.tasks)!;
    if (task.type === "crypto") {
      const result = this.compute(task.job);
      if (result.kind === "courier-check" && !result.right) {
        const places = this.#wrong.get(key) ?? new Set();
        this.#wrong.set(key, places.add(giver.state.rendezvousId));
        if (places.size > MAX_WRONG) this.violations.push("more guesses at one code than allowed");
      }
      this.#tellGiver(key, { type: "crypto-result", effectId: task.effectId, result });
    } else if (task.type === "rendezvous-put") this.put(task, (input) => this.#tellGiver(key, input));
  }

  #workTaker(person: Person, taker: Taker): void {
    const task = this.pick(taker.tasks)!;
    if (task.type === "crypto") this.#tellTaker(taker, { type: "crypto-result", effectId: task.effectId, result: this.compute(task.job) });
    else if (task.type === "rendezvous-put") this.put(task, (input) => this.#tellTaker(taker, input));
    else if (task.type === "open-code") {
      if (!person.attempts.has(task.code.rendezvousId)) this.brought[taker === person.typed ? "typed" : "reverse"]++;
      this.#open(person, task.code);
      this.#tellTaker(taker, { type: "opened", effectId: task.effectId });
    }
  }

  /** One slot to anybody who watches. */
  deliverAny(): void {
    const doers: (() => void)[] = [];
    if (this.companion.watches.size > 0) doers.push(() => super.deliver("companion"));
    for (const actor of this.#attempts)
      if (actor.watches.size > 0)
        doers.push(() => {
          this.phone = actor;
          super.deliver("phone");
        });
    for (const [key, giver] of this.givers)
      if (giver.watches.size > 0)
        doers.push(() => {
          const slot = this.#slotFor(giver);
          if (slot !== undefined) this.#tellGiver(key, slot);
        });
    for (const taker of this.people.flatMap((person) => this.#takers(person)))
      if (taker.watches.size > 0) doers.push(() => this.#deliverToTaker(taker));
    this.#any(doers)?.();
  }

  #deliverToTaker(taker: Taker): void {
    const slot = this.#slotFor(taker);
    if (slot !== undefined) this.#tellTaker(taker, slot);
    else if (!this.lost()) this.#tellTaker(taker, { type: "watched", rendezvousId: taker.state.rendezvousId });
  }

  #slotFor(actor: Giver | Taker): { type: "slot"; rendezvousId: string; index: number; body: string } | undefined {
    const seen = [...actor.watches.values()].flatMap(({ rendezvousId, side, fromIndex }) =>
      Array.from({ length: 2 }, (_, index) => ({ index, slot: this.slots.get(`${rendezvousId}|${side}|${index}`) }))
        .filter(({ index, slot }) => slot !== undefined && index >= fromIndex)
        .map(({ index, slot }) => ({ type: "slot" as const, rendezvousId, index, body: slot!.body })),
    );
    const slot = this.pick(seen);
    return slot === undefined || this.lost() ? undefined : slot;
  }

  connectAll(): void {
    this.tellCompanion({ type: "connected" });
    for (const key of this.givers.keys()) this.#tellGiver(key, { type: "connected" });
    for (const person of this.people) for (const taker of this.#takers(person)) this.#tellTaker(taker, { type: "connected" });
    for (const actor of this.#attempts) {
      this.phone = actor;
      this.tellPhone({ type: "connected" });
    }
  }

  /** The next timer of anybody. */
  override tick(): boolean {
    const due: { atMs: number; fire: () => void }[] = [];
    const add = (timers: Map<string, number>, tell: (timer: "deadline" | "retry" | "poll") => void): void => {
      for (const [timer, atMs] of timers)
        due.push({ atMs, fire: () => timers.delete(timer) && tell(timer as "deadline") }); // prettier-ignore
    };
    add(this.companion.timers, (timer) => this.tellCompanion({ type: "timer", timer }));
    for (const [key, giver] of this.givers) add(giver.timers, (timer) => this.#tellGiver(key, { type: "timer", timer }));
    for (const actor of this.#attempts)
      add(actor.timers, (timer) => {
        this.phone = actor;
        this.tellPhone({ type: "timer", timer });
      });
    for (const person of this.people)
      for (const taker of this.#takers(person)) add(taker.timers, (timer) => this.#tellTaker(taker, { type: "timer", timer }));
    const next = due.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) return false;
    this.nowMs = Math.max(this.nowMs, next.atMs);
    next.fire();
    return true;
  }

  /** A whole program dies: the companion with its couriers, or one person's phone with all that runs on it. */
  crashAny(): void {
    if (this.random.next() < 0.5) {
      this.crash("companion");
      for (const giver of this.givers.values()) this.#restart(giver, (saved) => resumeGiver(saved, this));
      return;
    }
    const person = this.#any(this.people)!;
    for (const actor of person.attempts.values()) {
      this.phone = actor;
      this.crash("phone");
    }
    for (const taker of this.#takers(person)) this.#restart(taker, (saved) => resumeTaker(saved, this));
  }

  #restart<State, Effect extends GiverEffect | TakerEffect>(
    actor: Actor<State, Effect>,
    resume: (saved: State) => { readonly state: State; readonly effects: readonly Effect[] },
  ): void {
    actor.tasks = [];
    actor.timers.clear();
    actor.watches.clear();
    const step = resume(JSON.parse(actor.saved) as State);
    actor.state = step.state;
    this.take(actor, step.effects);
  }

  /** States that wait for nobody. */
  get atRest(): boolean {
    const resting = ["idle", "active", "failed", "paused", "taken", "given", "spent"];
    const all = [this.companion, ...this.#attempts, ...this.givers.values(), ...this.people.flatMap((person) => this.#takers(person))];
    return all.every(({ state, tasks }) => resting.includes(state.kind) && tasks.length === 0);
  }

  get phones(): readonly PhoneState[] {
    return this.#attempts.map(({ state }) => state);
  }
}
