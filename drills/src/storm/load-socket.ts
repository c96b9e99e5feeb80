/** One connection of a load: the real handshake over a real socket, requests and answers, and coming back by itself when it was cut. */
import { accountIdToBytes, type Bytes } from "@hawser/base";
import { signAuthChallenge } from "@hawser/crypto";
import { nodePrimitives } from "@hawser/io-node";
import type { TestAccount } from "@hawser/relay/test-world";
import {
  type ClientHello,
  ClientHelloSchema,
  decodeServerFrame,
  DeviceAuthenticationSchema,
  encodeFrame,
  ERROR_CODES,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  type Push,
  RequestSchema,
  type Response,
  type ServerHello,
  type SignedDeviceList,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { WebSocket } from "ws";
import type { Operation } from "./storm-world.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export interface Identity {
  readonly account: TestAccount;
  readonly device: number;
  readonly staple?: SignedDeviceList;
}

export interface LoadSocketOptions {
  readonly url: string;
  /** Who the server takes it for: each person has a network of their own. */
  readonly address: string;
  readonly identity?: Identity;
  onPush(push: Push): void;
  /** Each time it is welcomed; `again` from the second time on. */
  onWelcome(again: boolean): void;
}

export class LoadSocket {
  /** Of this process, welcomed now. */
  static connected = 0;
  /** Of this process: told that their device is revoked. */
  static revoked = 0;
  readonly #options: LoadSocketOptions;
  #socket: WebSocket | undefined;
  #welcomes = 0;
  #isWelcome = false;
  #failures = 0;
  #over = false;
  #nextId = 1;
  #early: (() => void)[] = [];
  readonly #answers = new Map<number, (response: Response) => void>();

  constructor(options: LoadSocketOptions) {
    this.#options = options;
    this.#open();
  }

  ask(operation: Operation, answer: (response: Response) => void): void {
    const send = (): void => {
      const id = this.#nextId++;
      this.#answers.set(id, answer);
      this.#socket!.send(encodeFrame({ type: "request", message: create(RequestSchema, { id, operation }) }));
    };
    if (this.#isWelcome) send();
    else this.#early.push(send);
  }

  close(): void {
    this.#over = true;
    this.#socket?.close();
  }

  #open(): void {
    const socket = new WebSocket(`${this.#options.url}/v1/connect`, {
      perMessageDeflate: false,
      headers: { "x-forwarded-for": this.#options.address },
    });
    this.#socket = socket;
    let retryAfterMs = 0;
    socket.on("error", () => socket.terminate());
    socket.on("message", (data: Buffer) => {
      const frame = decodeServerFrame(new Uint8Array(data));
      if (!frame.ok) return socket.terminate();
      const { value } = frame;
      if (value.type === "server-hello") socket.send(encodeFrame({ type: "client-hello", message: this.#hello(value.message) }));
      else if (value.type === "welcome") this.#welcome();
      else if (value.type === "goodbye") {
        ({ retryAfterMs } = value.message);
        if (value.message.error === ERROR_CODES.DEVICE_REVOKED.code) LoadSocket.revoked++;
      } else if (value.type === "push") this.#options.onPush(value.message);
      else if (value.type === "response") {
        this.#answers.get(value.message.id)?.(value.message);
        this.#answers.delete(value.message.id);
      }
    });
    socket.once("close", () => {
      if (this.#isWelcome) LoadSocket.connected--;
      this.#isWelcome = false;
      this.#answers.clear();
      if (this.#over) return;
      // The client's own way: equally jittered, doubling, never sooner than the server asked for.
      const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
      setTimeout(() => !this.#over && this.#open(), Math.max(retryAfterMs, ceilingMs * (0.5 + Math.random() / 2)));
    });
  }

  #welcome(): void {
    this.#isWelcome = true;
    LoadSocket.connected++;
    this.#failures = 0;
    this.#options.onWelcome(this.#welcomes++ > 0);
    for (const send of this.#early.splice(0)) send();
  }

  #hello({ nonce, origin }: ServerHello): ClientHello {
    const common = { protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX, platform: "sdk", clientVersion: "storm" };
    const { identity } = this.#options;
    if (identity === undefined) return create(ClientHelloSchema, common);
    return create(ClientHelloSchema, { ...common, device: authenticate(identity, nonce, origin) });
  }
}

function authenticate({ account, device, staple }: Identity, nonce: Bytes, origin: string) {
  const { signSeed } = account.devices.get(device)!;
  const signature = signAuthChallenge(nodePrimitives, signSeed, { nonce, origin, address: account.address(device) });
  return create(DeviceAuthenticationSchema, {
    accountId: accountIdToBytes(account.id),
    device,
    signature,
    listNumber: BigInt(account.latest.number),
    stapledLists: staple === undefined ? [] : [staple],
  });
}
