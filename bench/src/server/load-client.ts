/** A device under load: connects, proves itself, sends, takes deliveries and moves its cursor as a real client does. */
import { accountIdToBytes, type DeviceNumber, type Primitives } from "@hawser/base";
import { signAuthChallenge, type VerifiedDeviceList } from "@hawser/crypto";
import {
  ClientHelloSchema,
  CURSOR_EVERY_MESSAGES,
  CURSOR_EVERY_MS,
  decodeServerFrame,
  DeviceAuthenticationSchema,
  encodeCursor,
  encodeFrame,
  FRAME_TYPES,
  HOT_LAYOUT,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { deviceSeed } from "./population.ts";
import { RawClient } from "./raw-client.ts";

export interface LoadEvents {
  acknowledged?(request: number): void;
  /** The message id's place in `frame`. */
  delivered?(frame: Buffer, messageIdAt: number): void;
  rejected?(reason: string): void;
}

export class LoadClient {
  readonly account: number;
  readonly device: number;
  readonly list: VerifiedDeviceList;
  readonly #primitives: Primitives;
  readonly #port: number;
  readonly #moveCursor: boolean;
  events: LoadEvents = {};
  #raw: RawClient | undefined;
  #ready: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #delivered = 0;
  #cursor = 0;
  #cursorTimer: NodeJS.Timeout | undefined;
  received = 0;

  constructor(options: {
    primitives: Primitives;
    port: number;
    account: number;
    device: number;
    list: VerifiedDeviceList;
    moveCursor?: boolean;
  }) {
    this.#primitives = options.primitives;
    this.#port = options.port;
    this.account = options.account;
    this.device = options.device;
    this.list = options.list;
    this.#moveCursor = options.moveCursor ?? true;
  }

  /** Resolves when the server has welcomed the device. */
  connect(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#ready = resolve;
    this.#failed = reject;
    this.#raw = new RawClient(this.#port, {
      frame: (frame) => this.#frame(frame),
      closed: () => this.#failed?.(new Error("the connection was closed")),
    });
    return promise;
  }

  #frame(frame: Buffer): void {
    if (frame[0] === FRAME_TYPES.batch) {
      this.#batch(frame);
      return;
    }
    const decoded = decodeServerFrame(frame);
    if (!decoded.ok) throw new Error(`the server sent a bad frame: ${decoded.error.kind}`);
    switch (decoded.value.type) {
      case "server-hello":
        this.#raw!.send(this.#hello(decoded.value.message.nonce, decoded.value.message.origin));
        break;
      case "welcome":
        this.#delivered = this.#cursor = Number(decoded.value.message.device!.nextSequence) - 1;
        this.#ready?.();
        break;
      case "goodbye":
        this.#failed?.(new Error(`goodbye ${decoded.value.message.error}`));
        this.events.rejected?.(`goodbye ${decoded.value.message.error}`);
        break;
      case "push":
        this.events.rejected?.(decoded.value.message.event.case ?? "push");
        break;
      default:
        break;
    }
  }

  #hello(nonce: Uint8Array, origin: string): Uint8Array {
    const address = { account: this.list.account, device: this.device as DeviceNumber };
    const signature = signAuthChallenge(this.#primitives, deviceSeed(this.account, this.device), {
      nonce: Uint8Array.from(nonce),
      origin,
      address,
    });
    const device = create(DeviceAuthenticationSchema, {
      accountId: accountIdToBytes(address.account),
      device: address.device,
      signature,
      listNumber: 1n,
    });
    const message = create(ClientHelloSchema, { protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX, platform: "bench", device });
    return encodeFrame({ type: "client-hello", message });
  }

  /** Reads a batch in place: decoding costs the generator more than it would tell. */
  #batch(frame: Buffer): void {
    const acks = frame.readUInt16BE(1);
    let at: number = HOT_LAYOUT.batchHeadBytes;
    for (let i = 0; i < acks; i++, at += HOT_LAYOUT.ackBytes) this.events.acknowledged?.(frame.readUInt32BE(at));
    const deliveries = frame.readUInt16BE(at);
    at += HOT_LAYOUT.deliveryCountBytes;
    for (let i = 0; i < deliveries; i++) {
      this.#delivered = frame.readUInt32BE(at) * 0x1_0000_0000 + frame.readUInt32BE(at + 4);
      this.received++;
      this.events.delivered?.(frame, at + HOT_LAYOUT.deliveryHeadBytes - 16);
      at += HOT_LAYOUT.deliveryHeadBytes;
      at += 2 + frame.readUInt16BE(at);
      at += 4 + frame.readUInt32BE(at);
    }
    if (deliveries > 0 && this.#moveCursor) this.#noteDelivered();
  }

  #noteDelivered(): void {
    if (this.#delivered - this.#cursor >= CURSOR_EVERY_MESSAGES) this.#sendCursor();
    else this.#cursorTimer ??= setTimeout(() => this.#sendCursor(), CURSOR_EVERY_MS);
  }

  #sendCursor(): void {
    clearTimeout(this.#cursorTimer);
    this.#cursorTimer = undefined;
    if (this.#cursor === this.#delivered) return;
    this.#cursor = this.#delivered;
    this.#raw!.send(encodeCursor(this.#cursor));
  }

  send(frame: Uint8Array): void {
    this.#raw!.send(frame);
  }

  close(): void {
    this.#failed = undefined;
    clearTimeout(this.#cursorTimer);
    this.#raw?.destroy();
  }
}
