/**
 * The rendezvous effects of all linking machines, carried out over the own server's connection, and over other nodes where that does
 * not do it. `rendezvous-places` decides where. Without any connection effects are dropped: the machines repeat them.
 */
import { fromBase64Url, OperationalError, toBase64Url } from "@hawser/base";
import {
  type CommonEffect,
  type CommonInput,
  HOME,
  INITIAL_PLACES,
  type Place,
  type PlacesEffect,
  type PlacesInput,
  type PlacesState,
  type PutOutcome,
  type RendezvousPut,
  type Side,
  stepPlaces,
} from "@hawser/linking";
import { type AdmissionPlace, ERROR_CODES, type ErrorName, type RendezvousMessage, RendezvousSide } from "@hawser/wire";
import { type DeviceLink, isTransient, RequestFailed } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { LinkNodes } from "./link-nodes.ts";

type Watch = Extract<CommonEffect<unknown>, { type: "rendezvous-watch" }>;
type Answer = (input: CommonInput) => void;

const SAVED = "rendezvous-places";
const SIDES: Readonly<Record<Side, RendezvousSide>> = { phone: RendezvousSide.PHONE, companion: RendezvousSide.COMPANION };
/** On the wire a watcher names itself and is shown the other side's slots. */
const WATCHER_OF: Readonly<Record<Side, RendezvousSide>> = { phone: RendezvousSide.COMPANION, companion: RendezvousSide.PHONE };

export interface Rendezvous {
  put(effect: RendezvousPut, answer: Answer): void;
  watch(effect: Watch, answer: Answer): void;
  leave(rendezvousId: string): void;
  /** A slot of the other side, at the own server. */
  slotCame(message: RendezvousMessage): void;
  stop(): void;
}

interface Watched {
  readonly effect: Watch;
  readonly answer: Answer;
  /** The own server's linking is in trouble: another node's word counts. */
  homeInTrouble: boolean;
  elsewhere: boolean;
}

export function createRendezvous(core: Core, home: DeviceLink, nodes: LinkNodes, slot: (message: RendezvousMessage) => void): Rendezvous {
  const watched = new Map<string, Watched>();
  const answers = new Map<string, Answer>();
  const timers = new Set<() => void>();
  /** Written or watched, and not left. */
  const live = new Set<string>();
  let state: PlacesState = { ...INITIAL_PLACES, written: core.store.kv.getJson<PlacesState["written"]>(SAVED) ?? [] };

  const linkOf = (place: Place): DeviceLink | undefined => (place === HOME ? home : nodes.online().get(place));
  const online = (): Place[] => [...(home.online ? [HOME] : []), ...nodes.online().keys()];

  const step = (input: PlacesInput): void => {
    const before = state;
    const { state: after, effects } = stepPlaces(state, input, online());
    state = after;
    // Only where there is another place are earlier slots of any use.
    if (before.written !== after.written && after.written.length > 0 && nodes.online().size > 0)
      core.store.kv.setJson(SAVED, after.written);
    if (after.written.length === 0 && before.written.length > 0) core.store.kv.delete(SAVED);
    for (const effect of effects) run(effect);
  };

  const run = (effect: PlacesEffect): void => {
    switch (effect.type) {
      case "write": {
        const { place, effectId, put } = effect;
        const answer = (result: PutOutcome): void => step({ type: "answer", place, effectId, put, result });
        const input = {
          rendezvousId: bytes(put.rendezvousId),
          side: SIDES[put.side],
          index: put.index,
          body: bytes(put.body),
          writerToken: bytes(put.writerToken),
        };
        const request = linkOf(place)?.request("rendezvousPut", input) ?? Promise.reject(new OperationalError("OFFLINE"));
        return void request.then(
          () => answer({ ok: true }),
          (error: unknown) => answer(outcomeOf(error)),
        );
      }
      case "wait": {
        const cancel = core.ports.clock.after(effect.afterMs, () => {
          timers.delete(cancel);
          step(effect.given);
        });
        return void timers.add(cancel);
      }
      case "put-result": {
        const { put, result } = effect;
        const key = keyOf(put);
        const answer = answers.get(key);
        answers.delete(key);
        return answer?.({ type: "put-result", effectId: put.effectId, result });
      }
    }
  };

  const watchAt = (place: Place, link: DeviceLink, entry: Watched): void => {
    const { rendezvousId, side, fromIndex } = entry.effect;
    const isHome = place === HOME;
    const isCurrent = (): boolean => watched.get(rendezvousId) === entry;
    const taken = (): void => entry.answer({ type: "watched", rendezvousId });
    void link.request("rendezvousWatch", { rendezvousId: bytes(rendezvousId), side: WATCHER_OF[side], fromIndex }).then(
      ({ admission }) => {
        if (!isCurrent()) return;
        if (isHome) {
          taken();
          if (admission !== undefined) entry.answer(placeInput(admission));
        } else if (entry.homeInTrouble) taken();
        else entry.elsewhere = true;
      },
      (error: unknown) => {
        if (!isCurrent() || !isHome) return;
        if (!isTransient(error) && error instanceof RequestFailed)
          return entry.answer({ type: "watch-failed", rendezvousId, error: error.code as ErrorName });
        entry.homeInTrouble = true;
        if (entry.elsewhere) taken();
      },
    );
  };

  const begin = (rendezvousId: string): void => {
    live.add(rendezvousId);
    nodes.start({
      online: (place, link) => {
        for (const entry of watched.values()) watchAt(place, link, entry);
      },
      slot: (place, message) => {
        const id = toBase64Url(message.rendezvousId);
        if (!watched.has(id)) return;
        step({ type: "slot-seen", place, rendezvousId: id });
        slot(message);
      },
    });
  };

  return {
    put(effect, answer) {
      begin(effect.rendezvousId);
      if (online().length === 0) return;
      answers.set(keyOf(effect), answer);
      step({ type: "put", put: effect });
    },
    watch(effect, answer) {
      begin(effect.rendezvousId);
      const entry = { effect, answer, homeInTrouble: !home.online, elsewhere: false };
      watched.set(effect.rendezvousId, entry);
      for (const place of online()) watchAt(place, linkOf(place)!, entry);
    },
    leave(rendezvousId) {
      for (const place of online())
        void linkOf(place)
          ?.request("rendezvousLeave", { rendezvousId: bytes(rendezvousId) })
          .catch(() => undefined);
      watched.delete(rendezvousId);
      live.delete(rendezvousId);
      step({ type: "left", rendezvousId });
      if (live.size === 0) nodes.stop();
    },
    slotCame(message) {
      const rendezvousId = toBase64Url(message.rendezvousId);
      if (watched.has(rendezvousId)) step({ type: "slot-seen", place: HOME, rendezvousId });
      slot(message);
    },
    stop() {
      for (const cancel of timers) cancel();
      watched.clear();
      nodes.stop();
    },
  };
}

const keyOf = ({ rendezvousId, effectId }: RendezvousPut): string => `${rendezvousId} ${effectId}`;

export const slotInput = (message: { readonly rendezvousId: Uint8Array; readonly index: number; readonly body: Uint8Array }) =>
  ({ type: "slot", rendezvousId: toBase64Url(message.rendezvousId), index: message.index, body: toBase64Url(message.body) }) as const;

export const placeInput = ({ rendezvousId, place, estimateMs }: AdmissionPlace) =>
  ({ type: "place", rendezvousId: toBase64Url(rendezvousId), place, estimateMs }) as const;

function outcomeOf(error: unknown): PutOutcome {
  if (!(error instanceof RequestFailed) || !(error.code in ERROR_CODES)) return { ok: false, error: "UNREACHABLE", retryAfterMs: 0 };
  const retryAfterMs = typeof error.retry === "object" ? error.retry.afterMs : 0;
  return { ok: false, error: error.code as ErrorName, retryAfterMs };
}

/** Values of the machines are base64url of their own making. */
export function bytes(text: string): Uint8Array {
  const decoded = fromBase64Url(text);
  if (decoded === undefined) throw new OperationalError("STORAGE_LOST", { message: "a link's state is damaged" });
  return decoded;
}
