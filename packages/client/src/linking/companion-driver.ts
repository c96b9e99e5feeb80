/**
 * Drives the companion's side of a link. Invariants: the machine's state is on disk before any effect of the step; being certified,
 * the certificate, keys and chain are stored in one transaction, before the first connection as that device.
 */
import { accountIdFromBytes, type DeviceNumber, equalBytes, fromBase64Url, OperationalError, type Primitives } from "@hawser/base";
import {
  type CompanionEffect,
  type CompanionInput,
  type CompanionState,
  companionStatus,
  INITIAL_COMPANION,
  type NewDeviceKind,
  type PasskeyAnswer,
  resumeCompanion,
  runLinkJob,
  stepCompanion,
} from "@hawser/linking";
import type { AdmissionPlace, RendezvousMessage } from "@hawser/wire";
import { becomeMember } from "../account/create.ts";
import type { LinkOfferSeed, LinkStatus } from "../api.ts";
import type { Core } from "../core.ts";
import { isWhole, withEarlierLists } from "../devices/whole-chain.ts";
import type { ServerLink } from "../connection/server-link.ts";
import { COMPANION_ATTEMPTS, type Route } from "../outcomes/attempts.ts";
import { createCompanionCouriers } from "./companion-couriers.ts";
import { bytes, placeInput, type Rendezvous, slotInput } from "./rendezvous.ts";
import { createTimers } from "./timers.ts";

const SAVED = "linking";

export interface CompanionLink {
  start(options: {
    readonly deviceName: string;
    readonly platform: string;
    readonly initialOffer?: LinkOfferSeed;
    readonly typedCode?: boolean;
    readonly as?: NewDeviceKind;
    readonly passkeys?: boolean;
  }): LinkStatus;
  answerPasskey(answer: PasskeyAnswer | undefined): void;
  /** Answers the code that a phone shows. */
  openReverse(text: string): Promise<void>;
  cancel(): void;
  status(): LinkStatus | undefined;
  /** After the client was opened. */
  resume(): void;
  connected(): void;
  slot(message: RendezvousMessage): void;
  /** Where a link stands that waits for its turn. */
  place(told: AdmissionPlace): void;
  /** Welcomed as the device this link made. */
  activated(): void;
  revoked(): void;
  stop(): void;
}

/** Absent in what releases before kept. */
type Saved = CompanionState & { readonly route?: Route };

const isLink = (state: CompanionState | undefined): boolean =>
  state !== undefined && COMPANION_ATTEMPTS.of[state.kind] === "link-companion";

type Activate = Extract<CompanionEffect<CompanionState>, { type: "activate" }>;

/** An approval that came without the first lists of the chain. */
interface Waiting {
  readonly effect: Activate;
  readonly lists: readonly { readonly payload: Uint8Array; readonly signature: Uint8Array }[];
}

const EARLIER_AGAIN_MS = 2_000;

export interface CompanionLinkEvents {
  readonly link: ServerLink;
  /** This device has become a member: connect as it. */
  member(): void;
  /** Nothing is under way any more, or something is: an anonymous connection is needed or not. */
  underWay(yes: boolean): void;
}

export function createCompanionLink(core: Core, rendezvous: Rendezvous, events: CompanionLinkEvents): CompanionLink {
  let state: CompanionState | undefined;
  let stopped = false;
  /** The person left; the connection lasts until the phone was told. */
  let leaving = false;
  let waiting: Waiting | undefined;
  /** How the link's code came to the phone: known when the link begins, and kept with its state. */
  let route: Route = "other";
  const timers = createTimers(core.ports.clock, (timer) => input({ type: "timer", timer }));
  const couriers = createCompanionCouriers(core, rendezvous, () => {
    const status = shown();
    if (status !== undefined && status.typedCode !== lettersTold) tell(status);
  });
  let lettersTold: string | undefined;

  const shown = (): LinkStatus | undefined =>
    state === undefined ? undefined : { ...companionStatus(state), typedCode: couriers.letters(state) };
  const tell = (status: LinkStatus): void => {
    lettersTold = status.typedCode;
    core.notify.emit({ type: "link", link: status });
  };

  const input = (given: CompanionInput): void => {
    if (stopped || (state === undefined && given.type !== "start")) return;
    take(stepCompanion(state ?? INITIAL_COMPANION, given, core.pairContext()));
  };
  const take = (step: { readonly state: CompanionState; readonly effects: readonly CompanionEffect<CompanionState>[] }): void => {
    if (!isLink(state) && state !== undefined && isLink(step.state)) route = couriers.routeOf(step.state.channel?.rendezvousId);
    core.observe.companion(state, step.state, route);
    state = step.state;
    for (const effect of step.effects) run(effect);
    couriers.follow(step.state);
    if (step.state.kind === "idle" || step.state.kind === "active") couriers.clear();
    if (!leaving || step.state.kind === "ending") return;
    leaving = false;
    if (core.identity.self() === undefined) events.underWay(false);
  };

  const run = (effect: CompanionEffect<CompanionState>): void => {
    switch (effect.type) {
      case "persist": {
        const over = effect.state.kind === "idle" || effect.state.kind === "active";
        if (over) core.store.kv.delete(SAVED);
        else core.store.kv.setJson(SAVED, { ...effect.state, route } satisfies Saved);
        return core.notify.changed("state");
      }
      case "crypto":
        void runLinkJob(core.ports.primitives, effect.job).then((result) =>
          input({ type: "crypto-result", effectId: effect.effectId, result }),
        );
        return;
      case "rendezvous-put":
        return rendezvous.put(effect, input);
      case "rendezvous-watch":
        return rendezvous.watch(effect, input);
      case "rendezvous-leave":
        return rendezvous.leave(effect.rendezvousId);
      case "set-timer":
        return timers.set(effect.timer, effect.afterMs);
      case "clear-timer":
        return timers.clear(effect.timer);
      case "status":
        return tell(shown() ?? effect.status);
      case "activate":
        return activate(effect);
    }
  };

  const activate = (effect: Activate): void => {
    if (core.identity.self() !== undefined) return events.member();
    const lists = effect.approval.lists.map((entry) => ({ payload: bytes(entry.payload), signature: bytes(entry.signature) }));
    if (isWhole(core, lists)) return join(effect, lists);
    waiting = { effect, lists };
    fetchEarlier();
  };

  /** A long chain: what an approval has no room for comes from the server. Tried until it came; the deadline of the state tells the person. */
  const fetchEarlier = (): void => {
    const asked = waiting;
    if (asked === undefined || stopped) return;
    const account = accountIdFromBytes(bytes(asked.effect.accountId));
    withEarlierLists(core, events.link, account, asked.lists).then(
      (whole) => {
        if (waiting !== asked || stopped) return;
        waiting = undefined;
        join(asked.effect, whole);
      },
      () => core.ports.clock.after(EARLIER_AGAIN_MS, () => waiting === asked && fetchEarlier()),
    );
  };

  const join = ({ accountId, secrets, approval }: Activate, lists: Waiting["lists"]): void => {
    if (core.identity.self() === undefined) {
      const { primitives } = core.ports;
      const given = approval.restored ?? secrets;
      const dhSecret = bytes(given.dhSecret);
      const signSeed = bytes(given.signingSeed);
      const isPhone = approval.accountSeed !== undefined && state?.as === "phone";
      becomeMember(core, {
        self: {
          account: accountIdFromBytes(bytes(accountId)),
          device: approval.device as DeviceNumber,
          handle: approval.handle,
          displayName: approval.displayName,
          deviceName: state?.deviceName ?? "",
          role: isPhone ? "phone" : "companion",
          phoneDevice: (isPhone ? approval.device : approval.phoneDevice) as DeviceNumber,
        },
        keys: { dhSecret, dhPublic: primitives.x25519PublicKey(dhSecret), signSeed, signPublic: primitives.ed25519PublicKey(signSeed) },
        accountSeed: isPhone ? bytes(approval.accountSeed) : undefined,
        stateKey: bytes(approval.stateKey),
        lists,
        // The certifying list may be known to nobody but the phone and this device.
        publishedNumber: lists.length - 1,
        settling: true,
        archive: approval.archive === undefined ? undefined : bytes(approval.archive),
      });
    }
    events.member();
  };

  return {
    start({ deviceName, platform, initialOffer, typedCode, as = "companion", passkeys = false }) {
      const code = initialOffer !== undefined && isGenuine(core.ports.primitives, initialOffer) ? { code: initialOffer } : {};
      if (typedCode === true) couriers.want();
      leaving = false;
      input({ type: "start", origin: core.ports.origin, deviceName, platform, as, passkeys, ...code });
      events.underWay(true);
      const status = shown();
      if (status === undefined) throw new OperationalError("WRONG_PHASE");
      return status;
    },
    answerPasskey: (answer) => input({ type: "passkey", answer }),
    openReverse: (text) => couriers.openReverse(text, state),
    cancel() {
      leaving = state !== undefined;
      input({ type: "cancel" });
      if (state === undefined && core.identity.self() === undefined) events.underWay(false);
    },
    status: () => (state === undefined || state.kind === "idle" ? undefined : shown()),
    resume() {
      const saved = core.store.kv.getJson<Saved>(SAVED);
      if (saved === undefined) return;
      const { route: savedRoute = "other", ...before } = saved;
      route = savedRoute;
      if (core.identity.self() === undefined) events.underWay(true);
      couriers.resume();
      take(resumeCompanion({ ...INITIAL_COMPANION, ...before }, core.pairContext()));
    },
    connected() {
      input({ type: "connected" });
      couriers.connected();
    },
    slot(message) {
      input(slotInput(message));
      couriers.slot(message);
    },
    place(told) {
      input(placeInput(told));
      couriers.place(told);
    },
    activated: () => input({ type: "activated" }),
    revoked: () => input({ type: "revoked" }),
    stop() {
      stopped = true;
      timers.stop();
      couriers.stop();
    },
  };
}

/** A seed that is damaged is not used: the machine then makes a code of its own. */
function isGenuine(primitives: Primitives, { rendezvousId, secret, ephemeralSecret, ephemeralPublicKey }: LinkOfferSeed): boolean {
  const [id, psk, secretKey, publicKey] = [rendezvousId, secret, ephemeralSecret, ephemeralPublicKey].map(fromBase64Url);
  if (id?.length !== 16 || psk?.length !== 32 || secretKey?.length !== 32 || publicKey === undefined) return false;
  return equalBytes(primitives.x25519PublicKey(secretKey), publicKey);
}
