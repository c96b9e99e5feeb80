/**
 * The part of a service that failed on a bad day, between devices and a server that works: it answers chosen frames itself. Both engines
 * put it there, so one declaration of a fault serves both. It holds no key: it can refuse, lie and be silent, and that is all.
 */
import {
  ERROR_CODES,
  CLOSE_CODES,
  decodeClientFrame,
  encodeFrame,
  type ErrorName,
  errorClass,
  FailureSchema,
  FRAME_TYPES,
  GoodbyeSchema,
  type Request,
  RendezvousSide,
  ResponseSchema,
  type SignedDeviceList,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Platform } from "../stage.ts";

/** One connection, as the front sees it. */
export interface Peer {
  readonly platform: Platform;
  send(frame: Uint8Array): void;
  close(code: number): void;
}

export interface Faults {
  /** The phone's approval is refused where it is handed over. */
  linkLastStep: ErrorName | undefined;
  /** Nothing of a ceremony is taken from phones of this platform. */
  linkFrom: { readonly platform: Platform; readonly error: ErrorName } | undefined;
  /** Whoever proves to be such a device hears this instead of a welcome. */
  sessions: { readonly of: "companions" | "everybody"; readonly error: ErrorName } | undefined;
  /** A new device of an account: its other companions are told that they are revoked, with a list that does not revoke them. */
  newLinkEvicts: boolean;
  /** Every n-th batch of deliveries to a device never leaves. */
  dropEveryNthBatch: number;
}

const NONE: Faults = { linkLastStep: undefined, linkFrom: undefined, sessions: undefined, newLinkEvicts: false, dropEveryNthBatch: 0 };
/** Accounts are made on their phone. */
const PHONE_DEVICE = 1;
const RETRY_AFTER_MS = 2_000;
const DECISION_SLOT = 1;

interface Claim {
  readonly account: string;
  readonly device: number;
  readonly newest: SignedDeviceList | undefined;
}

/** Something happens to a phone when it has sent so many frames more; pings are no steps. */
export interface FrameOrder {
  readonly account: string;
  framesLeft: number;
  /** "before": this frame is lost with it. */
  readonly when: "before" | "after";
  act(): void;
}

export class FaultyFront {
  order: FrameOrder | undefined;
  readonly faults: Faults = { ...NONE };
  readonly #claims = new Map<Peer, Claim>();
  readonly #welcomed = new Set<string>();
  readonly #evicted = new Set<string>();
  #batches = 0;
  /** Frames that never reached the server, and frames of the server that never left. */
  taken = 0;
  /** Unsigned words that a device is revoked. */
  lies = 0;

  heal(): void {
    Object.assign(this.faults, NONE);
    this.#evicted.clear();
  }

  /** Devices that are connected now meet the fault at once. */
  throwOut(): void {
    for (const [peer, claim] of this.#claims) {
      const error = this.#refusalFor(claim);
      if (error !== undefined) goodbye(peer, error, undefined);
    }
  }

  /** A frame of a client. True: the server does not see it. */
  takes(peer: Peer, bytes: Uint8Array): boolean {
    if (this.#ordered(peer, bytes)) return true;
    if (bytes[0] !== FRAME_TYPES.clientHello && bytes[0] !== FRAME_TYPES.request) return false;
    const decoded = decodeClientFrame(bytes);
    if (!decoded.ok) return false;
    const frame = decoded.value;
    const taken =
      frame.type === "client-hello"
        ? this.#hello(peer, frame.message.device)
        : frame.type === "request" && this.#request(peer, frame.message);
    if (taken) this.taken++;
    return taken;
  }

  /** Whether the frame is lost with the phone that sent it. */
  #ordered(peer: Peer, bytes: Uint8Array): boolean {
    const { order } = this;
    const claim = this.#claims.get(peer);
    if (order === undefined || claim?.account !== order.account || claim.device !== PHONE_DEVICE) return false;
    const decoded = decodeClientFrame(bytes);
    if (decoded.ok && decoded.value.type === "request" && decoded.value.message.operation.case === "ping") return false;
    if (order.framesLeft-- > 0) return false;
    this.order = undefined;
    order.act();
    return order.when === "before";
  }

  /** A frame of the server. True: the client does not see it. */
  withholds(peer: Peer, bytes: Uint8Array): boolean {
    const type = bytes[0];
    if (type === FRAME_TYPES.welcome) this.#welcome(peer);
    const { dropEveryNthBatch } = this.faults;
    if (type !== FRAME_TYPES.batch || dropEveryNthBatch === 0 || !this.#isCompanion(peer)) return false;
    const dropped = ++this.#batches % dropEveryNthBatch === 0;
    if (dropped) this.taken++;
    return dropped;
  }

  closed(peer: Peer): void {
    this.#claims.delete(peer);
  }

  #isCompanion(peer: Peer): boolean {
    const claim = this.#claims.get(peer);
    return claim !== undefined && claim.device !== PHONE_DEVICE;
  }

  #refusalFor({ account, device }: Claim): ErrorName | undefined {
    const { sessions, newLinkEvicts } = this.faults;
    if (newLinkEvicts && this.#evicted.has(`${account}/${device}`)) return "DEVICE_REVOKED";
    if (sessions === undefined || (sessions.of === "companions" && device === PHONE_DEVICE)) return undefined;
    return sessions.error;
  }

  #hello(peer: Peer, device: { accountId: Uint8Array; device: number; stapledLists: SignedDeviceList[] } | undefined): boolean {
    if (device === undefined) return false;
    const claim: Claim = {
      account: Buffer.from(device.accountId).toString("hex"),
      device: device.device,
      newest: device.stapledLists.at(-1),
    };
    const error = this.#refusalFor(claim);
    if (error === undefined) {
      this.#claims.set(peer, claim);
      return false;
    }
    if (error === "DEVICE_REVOKED") this.lies++;
    goodbye(peer, error, undefined);
    return true;
  }

  #welcome(peer: Peer): void {
    const claim = this.#claims.get(peer);
    if (claim === undefined) return;
    const key = `${claim.account}/${claim.device}`;
    const isNew = !this.#welcomed.has(key);
    this.#welcomed.add(key);
    if (!isNew || !this.faults.newLinkEvicts) return;
    for (const [other, { account, device }] of this.#claims) {
      if (other === peer || account !== claim.account || device === PHONE_DEVICE) continue;
      this.#evicted.add(`${account}/${device}`);
      this.lies++;
      goodbye(other, "DEVICE_REVOKED", claim.newest);
    }
  }

  #request(peer: Peer, request: Request): boolean {
    const { linkLastStep, linkFrom } = this.faults;
    if (request.operation.case !== "rendezvousPut") return false;
    const { side, index } = request.operation.value;
    if (side !== RendezvousSide.PHONE) return false;
    const error = linkFrom?.platform === peer.platform ? linkFrom.error : index === DECISION_SLOT ? linkLastStep : undefined;
    if (error === undefined) return false;
    const value = create(FailureSchema, { error: ERROR_CODES[error].code, retryAfterMs: RETRY_AFTER_MS });
    peer.send(encodeFrame({ type: "response", message: create(ResponseSchema, { id: request.id, result: { case: "failure", value } }) }));
    return true;
  }
}

function goodbye(peer: Peer, error: ErrorName, list: SignedDeviceList | undefined): void {
  const { code } = ERROR_CODES[error];
  const message = create(GoodbyeSchema, {
    error: code,
    retryAfterMs: RETRY_AFTER_MS,
    ...(list === undefined ? {} : { revokingList: list }),
  });
  peer.send(encodeFrame({ type: "goodbye", message }));
  peer.close(CLOSE_CODES[errorClass(code)]);
}
