/**
 * Which couriers a companion runs: one for each code that can be scanned now, when letters are wanted. So letters overlap and
 * are renewed as the QR code is, and whatever way a phone comes by the code, it is the same code: the first to use it wins.
 */
import { type Code, type CompanionState } from "./companion-state.ts";
import type { GiverState } from "./courier-giver-state.ts";
import { giverStatus } from "./courier-giver.ts";
import type { LinkCodeParts } from "./link-code.ts";

export interface CourierPlan {
  /** Codes that get a courier. */
  readonly start: readonly LinkCodeParts[];
  /** Rendezvous ids of codes whose courier ends: the code cannot be scanned any more. */
  readonly stop: readonly string[];
}

const liveCodes = (state: CompanionState): readonly Code[] =>
  state.kind === "preparing" || state.kind === "waiting-for-scan" ? state.codes : [];

export const partsOf = ({ rendezvousId, secret, ephemeralPublicKey }: Code): LinkCodeParts => ({
  rendezvousId,
  secret,
  publicKey: ephemeralPublicKey,
});

/** The newest code's parts; `undefined` while none can be scanned. */
export function newestParts(state: CompanionState): LinkCodeParts | undefined {
  const code = liveCodes(state)[0];
  return code === undefined ? undefined : partsOf(code);
}

/** Whether a phone that got this code could still use it. */
export const canBeScanned = (state: CompanionState, rendezvousId: string): boolean =>
  liveCodes(state).some((code) => code.rendezvousId === rendezvousId);

/** `running`: by the rendezvous id of their code. */
export function planCouriers(state: CompanionState, running: Iterable<string>, wanted: boolean): CourierPlan {
  const live = wanted ? liveCodes(state) : [];
  const known = new Set(running);
  return {
    start: live.filter(({ rendezvousId }) => !known.has(rendezvousId)).map(partsOf),
    stop: [...known].filter((id) => !live.some(({ rendezvousId }) => rendezvousId === id)),
  };
}

/** What the screen shows: the letters of the newest code that has some. */
export function shownLetters(state: CompanionState, couriers: ReadonlyMap<string, GiverState>): string | undefined {
  for (const { rendezvousId } of liveCodes(state)) {
    const courier = couriers.get(rendezvousId);
    const letters = courier === undefined ? undefined : giverStatus(courier).typedCode;
    if (letters !== undefined) return letters;
  }
  return undefined;
}
