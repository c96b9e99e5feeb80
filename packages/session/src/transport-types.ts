/**
 * The vocabulary of choosing a transport. How a driver serves it: keep the state, carry out the effects in their order, report what each
 * transport does under its kind. At most one transport of a kind is open at a time; a report about one that was stopped is not made.
 */

/** From the best to the last resort. */
export const TRANSPORT_KINDS = ["websocket", "sse", "poll"] as const;
export type TransportKind = (typeof TRANSPORT_KINDS)[number];

/** A kind that did not get through on a network: not tried first again before `untilMs`, after `times` failures in a row. */
export interface Block {
  readonly kind: TransportKind;
  readonly untilMs: number;
  readonly times: number;
}

/** What was learned about each network. Plain data, to be kept across restarts; only a hint, so losing it costs seconds. */
export type TransportMemory = readonly { readonly network: string; readonly blocks: readonly Block[] }[];

export type ChoiceInput =
  /** A connection is wanted. `network` is the platform's name for the network, "" when it has none. */
  | { readonly type: "open"; readonly network: string }
  /** The connection is not wanted any more. */
  | { readonly type: "close" }
  /** A transport brought its first frame: it works. That it opened proves nothing, for proxies hold answers back. */
  | { readonly type: "proven"; readonly kind: TransportKind }
  | { readonly type: "closed"; readonly kind: TransportKind; readonly code: number; readonly reason: string }
  /** It may be another network now. */
  | { readonly type: "network-changed"; readonly network: string }
  | { readonly type: "timer"; readonly timer: ChoiceTimer };

/** `next`: the runners so far have had their head start. `better`: a better kind is tried again beside the one that carries. */
export type ChoiceTimer = "next" | "better";

export type ChoiceEffect =
  | { readonly type: "start"; readonly kind: TransportKind }
  | { readonly type: "stop"; readonly kind: TransportKind }
  /** This one carries the connection from here on. */
  | { readonly type: "won"; readonly kind: TransportKind }
  /** The connection is over, or never came to be. */
  | { readonly type: "ended"; readonly code: number; readonly reason: string }
  /** A better kind works again: connect anew when convenient. */
  | { readonly type: "reconnect" }
  | { readonly type: "remember"; readonly memory: TransportMemory }
  | { readonly type: "set-timer"; readonly timer: ChoiceTimer; readonly afterMs: number }
  | { readonly type: "clear-timer"; readonly timer: ChoiceTimer };

export type ChoiceKind = "idle" | "racing" | "carrying" | "probing";

export interface ChoiceState {
  readonly kind: ChoiceKind;
  /** What this platform has, best first. */
  readonly available: readonly TransportKind[];
  readonly network: string;
  /** In `racing`: open and not proven. */
  readonly running: readonly TransportKind[];
  /** In `racing`: not started yet, in the order they will be. */
  readonly waiting: readonly TransportKind[];
  /** In `racing`: closed without a frame. */
  readonly failed: readonly TransportKind[];
  /** In `carrying` and `probing`. */
  readonly carrier: TransportKind;
  readonly carriedSinceMs: number;
  /** In `probing`. */
  readonly probe: TransportKind;
  /** Connections in a row that this kind carried for a few seconds only. */
  readonly shortLived: { readonly kind: TransportKind; readonly times: number };
  readonly memory: TransportMemory;
}
