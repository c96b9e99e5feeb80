/** For tests: a client that speaks frames to a real server, and nothing else. */
import { accountIdToBytes, type Bytes } from "@hawser/base";
import { signAuthChallenge } from "@hawser/crypto";
import { nodePrimitives } from "@hawser/io-node";
import type { TestAccount } from "@hawser/relay/test-world";
import {
  BlobPurpose,
  ClientHelloSchema,
  decodeServerFrame,
  DeviceAuthenticationSchema,
  encodeFrame,
  errorName,
  type Goodbye,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  type Push,
  RequestSchema,
  type Response,
  type ServerFrame,
  type SignedDeviceList,
  type Welcome,
} from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WebSocket } from "ws";

export type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;

export interface Identity {
  readonly account: TestAccount;
  readonly device: number;
  readonly staple?: readonly SignedDeviceList[];
}

export class TestClient {
  readonly #socket: WebSocket;
  readonly pushes: Push[] = [];
  goodbye: Goodbye | undefined;
  welcome: Welcome | undefined;
  readonly closed: Promise<number>;
  readonly #answers = new Map<number, (response: Response) => void>();
  #waiting: { accepts(push: Push): boolean; resolve(push: Push): void }[] = [];
  #nextId = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
  }

  /** Resolves when welcomed, or when the server said goodbye. */
  static open(url: string, identity?: Identity): Promise<TestClient> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/connect`, { perMessageDeflate: false });
    const client = new TestClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.on("message", (data: Buffer) => {
        const frame = decodeServerFrame(new Uint8Array(data));
        if (!frame.ok) return reject(new Error(`bad frame from the server: ${frame.error.kind}`));
        client.#received(frame.value, identity);
        if (frame.value.type === "welcome" || frame.value.type === "goodbye") resolve(client);
      });
    });
  }

  ask(operation: Operation): Promise<Response["result"]> {
    const id = this.#nextId++;
    const answered = new Promise<Response>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(encodeFrame({ type: "request", message: create(RequestSchema, { id, operation }) }));
    return answered.then((response) => response.result);
  }

  /** The name of the failure; `undefined` when there was none. */
  async failure(operation: Operation): Promise<string | undefined> {
    const result = await this.ask(operation);
    return result.case === "failure" ? errorName(result.value.error) : undefined;
  }

  async ticket(sizeBytes: number): Promise<string> {
    const granted = await this.ask({ case: "grantUpload", value: { purpose: BlobPurpose.HISTORY, sizeBytes: BigInt(sizeBytes) } });
    if (granted.case !== "grantUpload") throw new Error("no ticket");
    return granted.value.ticket;
  }

  /** The first push of the kind, now or later. */
  push(kind: NonNullable<Push["event"]["case"]>): Promise<Push> {
    const there = this.pushes.find((push) => push.event.case === kind);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => this.#waiting.push({ accepts: (push) => push.event.case === kind, resolve }));
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  #received(frame: ServerFrame, identity: Identity | undefined): void {
    switch (frame.type) {
      case "server-hello":
        this.#socket.send(encodeFrame({ type: "client-hello", message: hello(frame.message.nonce, frame.message.origin, identity) }));
        break;
      case "welcome":
        this.welcome = frame.message;
        break;
      case "goodbye":
        this.goodbye = frame.message;
        break;
      case "response":
        this.#answers.get(frame.message.id)?.(frame.message);
        this.#answers.delete(frame.message.id);
        break;
      case "push":
        this.pushes.push(frame.message);
        for (const waiting of this.#waiting) if (waiting.accepts(frame.message)) waiting.resolve(frame.message);
        this.#waiting = this.#waiting.filter((waiting) => !waiting.accepts(frame.message));
        break;
      case "batch":
        break;
    }
  }
}

function hello(nonce: Bytes, origin: string, identity: Identity | undefined): ReturnType<typeof create<typeof ClientHelloSchema>> {
  const common = { protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX, platform: "test", clientVersion: "0" };
  if (identity === undefined) return create(ClientHelloSchema, common);
  const { account, device } = identity;
  const signSeed = account.devices.get(device)!.signSeed;
  const signature = signAuthChallenge(nodePrimitives, signSeed, { nonce, origin, address: account.address(device) });
  const authentication = create(DeviceAuthenticationSchema, {
    accountId: accountIdToBytes(account.id),
    device,
    signature,
    listNumber: BigInt(account.latest.number),
    stapledLists: [...(identity.staple ?? [])],
  });
  return create(ClientHelloSchema, { ...common, device: authentication });
}

/** Registers the account and connects as its phone. */
export async function connectPhone(url: string, handle: string, account: TestAccount): Promise<TestClient> {
  const stranger = await TestClient.open(url);
  const registered = await stranger.ask({ case: "register", value: { handle, list: account.first } });
  if (registered.case !== "register") throw new Error("not registered");
  await stranger.close();
  return TestClient.open(url, { account, device: 1 });
}
