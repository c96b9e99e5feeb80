/** The rendezvous effects of both linking machines, carried out over the connection. Without one they are dropped: the machine repeats them. */
import { fromBase64Url, OperationalError, toBase64Url } from "@hawser/base";
import type { CommonEffect, CommonInput, PutOutcome, Side } from "@hawser/linking";
import { type AdmissionPlace, ERROR_CODES, type ErrorName, RendezvousSide } from "@hawser/wire";
import { type DeviceLink, RequestFailed } from "../connection/server-link.ts";

type Put = Extract<CommonEffect<unknown>, { type: "rendezvous-put" }>;
type Watch = Extract<CommonEffect<unknown>, { type: "rendezvous-watch" }>;

const SIDES: Readonly<Record<Side, RendezvousSide>> = { phone: RendezvousSide.PHONE, companion: RendezvousSide.COMPANION };
/** On the wire a watcher names itself and is shown the other side's slots. */
const WATCHER_OF: Readonly<Record<Side, RendezvousSide>> = { phone: RendezvousSide.COMPANION, companion: RendezvousSide.PHONE };

export interface Rendezvous {
  put(effect: Put, answer: (input: CommonInput) => void): void;
  watch(effect: Watch, answer: (input: CommonInput) => void): void;
  leave(rendezvousId: string): void;
}

export function createRendezvous(link: DeviceLink): Rendezvous {
  return {
    put(effect, answer) {
      if (!link.online) return;
      const input = {
        rendezvousId: bytes(effect.rendezvousId),
        side: SIDES[effect.side],
        index: effect.index,
        body: bytes(effect.body),
        writerToken: bytes(effect.writerToken),
      };
      void link.request("rendezvousPut", input).then(
        () => answer({ type: "put-result", effectId: effect.effectId, result: { ok: true } }),
        (error: unknown) => answer({ type: "put-result", effectId: effect.effectId, result: outcomeOf(error) }),
      );
    },
    watch(effect, answer) {
      if (!link.online) return;
      const input = { rendezvousId: bytes(effect.rendezvousId), side: WATCHER_OF[effect.side], fromIndex: effect.fromIndex };
      void link.request("rendezvousWatch", input).then(
        ({ admission }) => {
          answer({ type: "watched", rendezvousId: effect.rendezvousId });
          if (admission !== undefined) answer(placeInput(admission));
        },
        (error: unknown) => {
          if (error instanceof RequestFailed)
            answer({ type: "watch-failed", rendezvousId: effect.rendezvousId, error: error.code as ErrorName });
        },
      );
    },
    leave(rendezvousId) {
      if (link.online) void link.request("rendezvousLeave", { rendezvousId: bytes(rendezvousId) }).catch(() => undefined);
    },
  };
}

export const slotInput = (message: { readonly rendezvousId: Uint8Array; readonly index: number; readonly body: Uint8Array }) =>
  ({ type: "slot", rendezvousId: toBase64Url(message.rendezvousId), index: message.index, body: toBase64Url(message.body) }) as const;

export const placeInput = ({ rendezvousId, place, estimateMs }: AdmissionPlace) =>
  ({ type: "place", rendezvousId: toBase64Url(rendezvousId), place, estimateMs }) as const;

function outcomeOf(error: unknown): PutOutcome {
  if (!(error instanceof RequestFailed) || !(error.code in ERROR_CODES)) return { ok: false, error: "UNREACHABLE", retryAfterMs: 0 };
  const retryAfterMs = error instanceof OperationalError && typeof error.retry === "object" ? error.retry.afterMs : 0;
  return { ok: false, error: error.code as ErrorName, retryAfterMs };
}

/** Values of the machines are base64url of their own making. */
export function bytes(text: string): Uint8Array {
  const decoded = fromBase64Url(text);
  if (decoded === undefined) throw new OperationalError("STORAGE_LOST", { message: "a link's state is damaged" });
  return decoded;
}
