/**
 * One connection: who it is, how far delivery got, what it may still do. Kept small, because most connections are idle.
 * Invariant: once closed, nothing is written to the socket and nothing refers to it but the socket itself.
 */
import type { AccountId, Bytes, DeviceAddress, DeviceNumber } from "@hawser/base";
import type { Caller, Mailbox, MailboxSubscriber, SentWindow } from "@hawser/relay";
import { encodeFrame, type Push, type Response, type ServerFrame } from "@hawser/wire";
import type { PendingAcks } from "./acknowledgements.ts";
import type { FrameSocket, SocketListener } from "./frame-socket.ts";
import { MAX_BUFFERED_BYTES } from "./gateway-limits.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** What a connection becomes when a device has proved itself. */
export interface ConnectedDevice {
  readonly address: DeviceAddress;
  /** 20 bytes. */
  readonly accountBytes: Bytes;
  readonly device: DeviceNumber;
  readonly window: SentWindow;
  readonly mailbox: Mailbox;
  readonly epoch: number;
  readonly group: AccountGroup;
  readonly bucket: TokenBucket;
}

/** The connections of one account, and what they may do together. */
export interface AccountGroup {
  readonly account: AccountId;
  readonly connections: Connection[];
  readonly bucket: TokenBucket;
}

export type ConnectionState = "hello" | "anonymous" | "device" | "closing" | "closed";

/** What a connection asks of its gateway. */
export interface ConnectionHost {
  queue(connection: Connection): void;
  received(connection: Connection, data: Bytes, isBinary: boolean): void;
  heard(connection: Connection): void;
  closed(connection: Connection): void;
  /** It does not take what it is sent. */
  overwhelmed(connection: Connection): void;
}

export class Connection implements Caller, MailboxSubscriber, SocketListener {
  readonly socket: FrameSocket;
  readonly remoteAddress: string;
  readonly #host: ConnectionHost;
  state: ConnectionState = "hello";
  /** Until it has said who it is: what it must sign. */
  nonce: Bytes | undefined;
  device: ConnectedDevice | undefined = undefined;
  /** Delivered on this connection up to here. */
  sent = 0;
  /** Of SENDs; made when the first comes. */
  acks: PendingAcks | undefined = undefined;
  queued = false;
  /** Too much is on its way: delivery goes on when it has left. */
  paused = false;
  requestsUnderWay = 0;
  /** On the gateway's coarse clock: opened, last heard, paused or closing since. */
  sinceMs: number;
  heardMs: number;

  constructor(host: ConnectionHost, socket: FrameSocket, remoteAddress: string, nonce: Bytes, nowMs: number) {
    this.#host = host;
    this.socket = socket;
    this.remoteAddress = remoteAddress;
    this.nonce = nonce;
    this.sinceMs = nowMs;
    this.heardMs = nowMs;
  }

  get open(): boolean {
    return this.state !== "closing" && this.state !== "closed";
  }

  get address(): DeviceAddress | undefined {
    return this.device?.address;
  }

  isConnected(device: DeviceNumber): boolean {
    return this.device?.group.connections.some((other) => other.device?.device === device && other.open) ?? false;
  }

  // The socket's side.

  received(data: Bytes, isBinary: boolean): void {
    this.#host.received(this, data, isBinary);
  }

  alive(): void {
    this.#host.heard(this);
  }

  closed(): void {
    this.#host.closed(this);
  }

  // The gateway's side.

  mailboxChanged(): void {
    if (!this.paused) this.#host.queue(this);
  }

  push(push: Push): void {
    this.write({ type: "push", message: push });
  }

  respond(response: Response): void {
    this.write({ type: "response", message: response });
  }

  /** For everything but batches, whose writer knows about pauses. */
  write(frame: ServerFrame): void {
    if (!this.open) return;
    this.socket.send(encodeFrame(frame), ignoreWriteError);
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#host.overwhelmed(this);
  }
}

/** A write that failed is followed by the socket's `close`. */
export function ignoreWriteError(): void {}
