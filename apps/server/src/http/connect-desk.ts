/**
 * What requests do to connections without WebSockets, whatever brings the requests. Invariants: no cookies and no sign-in here, whoever holds
 * a connection's id is its client; a page of another origin gets nothing; a request that is repeated, late or out of order changes nothing
 * that was taken before. docs/PROTOCOL.md, "Without WebSockets".
 */
import type { Bytes } from "@hawser/base";
import { decodeUpBody } from "@hawser/wire";
import type { CarrierKind, FrameSocket } from "../gateway/index.ts";
import type { CarrierTable } from "./carrier-table.ts";
import { attachPoll, attachStream, type FrameAnswer } from "./downlinks.ts";
import type { HttpCarrier } from "./http-carrier.ts";

/** `foreign`: by a page of another origin. `gone`: whether it has ended or never was is all the same to whoever asks. */
export type ConnectRefusal = "foreign" | "gone" | "busy" | "malformed";

/** A request about a connection, as it stands in its address. */
export interface ConnectCall {
  readonly id: string;
  readonly isForeign: boolean;
  readonly after: string | undefined;
}

export interface ConnectDeskOptions {
  readonly carriers: CarrierTable;
  /** False: nobody is served yet. */
  accept(socket: FrameSocket, remoteAddress: string, kind: CarrierKind): boolean;
}

export class ConnectDesk {
  readonly #options: ConnectDeskOptions;

  constructor(options: ConnectDeskOptions) {
    this.#options = options;
  }

  /** `begin` is called once nothing refuses it any more. */
  open(
    kind: HttpCarrier["kind"],
    { isForeign, address }: { readonly isForeign: boolean; readonly address: string },
    begin: () => FrameAnswer,
  ): ConnectRefusal | undefined {
    if (isForeign) return "foreign";
    const carrier = this.#options.carriers.open(kind);
    if (carrier === undefined || !this.#options.accept(carrier, address, kind)) {
      carrier?.terminate();
      return "busy";
    }
    this.#attach(kind, carrier, begin(), true);
    return undefined;
  }

  /** Another stream or poll of a connection. */
  resume(kind: HttpCarrier["kind"], call: ConnectCall, begin: () => FrameAnswer): ConnectRefusal | undefined {
    const carrier = this.#find(call);
    if (carrier === undefined) return "gone";
    this.#attach(kind, carrier, begin(), false);
    return undefined;
  }

  /** Frames from the client; `first` is the number of the first of them. */
  take(call: ConnectCall & { readonly first: string | undefined }, body: Bytes): ConnectRefusal | undefined {
    const carrier = this.#find(call);
    if (carrier === undefined) return "gone";
    const first = parseCount(call.first);
    const frames = decodeUpBody(body);
    return frames.ok && first !== undefined && first > 0 && carrier.receive(first, frames.value) ? undefined : "malformed";
  }

  end({ id, isForeign }: Pick<ConnectCall, "id" | "isForeign">): void {
    if (!isForeign) this.#options.carriers.find(id)?.terminate();
  }

  /** The connection that is meant, with what its client has acknowledged taken into account. */
  #find({ id, isForeign, after }: ConnectCall): HttpCarrier | undefined {
    const { carriers } = this.#options;
    const acknowledged = parseCount(after);
    if (isForeign || acknowledged === undefined) return undefined;
    const carrier = carriers.find(id);
    if (carrier?.acknowledge(acknowledged) !== true) return undefined;
    carrier.heard(carriers.nowMs);
    return carrier;
  }

  #attach(kind: HttpCarrier["kind"], carrier: HttpCarrier, answer: FrameAnswer, first: boolean): void {
    if (kind === "sse") attachStream(this.#options.carriers, carrier, answer, first);
    else attachPoll(this.#options.carriers, carrier, answer, first);
  }
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
