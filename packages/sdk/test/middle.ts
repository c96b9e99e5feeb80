/**
 * Between a client and its real server: frames can be kept back, changed, repeated or made up, as a malicious server could. And the other
 * side of that: a client whose outbox says things that no honest client would.
 */
import { type AccountId, type MessageId, messageIdToBytes, newMessageId, type SqlDatabase, type Transport } from "@hawser/base";
import type { HawserClient } from "@hawser/client";
import { type ContentBody, encodeContent } from "@hawser/client/messaging/content";
import { systemClock, systemRandom, webSocketTransport } from "@hawser/io-node";
import { type ClientFrame, decodeClientFrame, decodeServerFrame, encodeFrame, type SendFrame, type ServerFrame } from "@hawser/wire";

export class Middle {
  readonly transport: Transport;
  /** What the client is shown instead of a frame of the server's; the frame itself when not changed. */
  toClient: (frame: ServerFrame) => readonly ServerFrame[] = (frame) => [frame];
  /** Whether a frame of the client reaches the server. */
  toServer: (frame: ClientFrame) => boolean = () => true;
  /** Every SEND that the client let out. */
  readonly sends: SendFrame[] = [];
  connections = 0;
  #show: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined;
  #cut: () => void = () => undefined;

  constructor() {
    const real = webSocketTransport();
    this.transport = {
      kind: real.kind,
      open: (url, events) => {
        this.connections++;
        this.#show = (bytes) => events.frame(bytes);
        const connection = real.open(url, {
          ...events,
          frame: (bytes) => {
            const frame = decodeServerFrame(bytes);
            if (!frame.ok) throw new Error("the real server sent a frame that nobody can read");
            for (const shown of this.toClient(frame.value)) events.frame(encodeFrame(shown));
          },
        });
        this.#cut = () => {
          connection.close(1000, "");
          events.closed(1006, "");
        };
        return {
          get bufferedBytes() {
            return connection.bufferedBytes;
          },
          send: (bytes) => {
            const frame = decodeClientFrame(bytes);
            if (!frame.ok) throw new Error("the client sent a frame that nobody can read");
            if (frame.value.type === "send") this.sends.push(copyOf(frame.value));
            if (this.toServer(frame.value)) connection.send(bytes);
          },
          close: (code, reason) => connection.close(code, reason),
        };
      },
    };
  }

  /** A frame that the server never sent. */
  show(frame: ServerFrame | Uint8Array): void {
    this.#show((frame instanceof Uint8Array ? frame : encodeFrame(frame)) as Uint8Array<ArrayBuffer>);
  }

  /** The connection breaks; the client makes a new one. */
  cut(): void {
    this.#cut();
  }
}

/** A message of the schema with nothing in it, to be filled in: `bytes` are a frame. */
export function frameOf<Type extends ServerFrame["type"]>(type: Type, ...bytes: number[]): Extract<ServerFrame, { type: Type }> {
  const frame = decodeServerFrame(Uint8Array.from(bytes));
  if (!frame.ok || frame.value.type !== type) throw new Error(`these bytes are no ${type}`);
  return frame.value as Extract<ServerFrame, { type: Type }>;
}

/** The frame's bytes belong to the transport. */
const copyOf = (frame: SendFrame): SendFrame => ({
  ...frame,
  targets: frame.targets.map((target) => ({
    ...target,
    account: target.account.slice(),
    capsules: target.capsules.map(({ device }) => ({ device, bytes: new Uint8Array(0) })),
  })),
});

interface Said {
  readonly to: AccountId;
  readonly body: ContentBody;
  /** The number on the envelope; the one inside, unless told otherwise. */
  readonly envelope?: MessageId;
  readonly id?: MessageId;
  readonly sentAtMs?: number;
}

/** Puts a content of any kind into a client's outbox and lets it go: sealed and sent as its own messages are. */
export async function say(client: HawserClient, database: SqlDatabase, { to, body, sentAtMs, ...ids }: Said): Promise<MessageId> {
  const self = (await client.state()).self!;
  const id = ids.id ?? newMessageId(systemClock.nowMs(), systemRandom);
  const sender = { account: self.account, device: self.device };
  const content = encodeContent(
    { sender, conversation: to === self.account ? undefined : to, messageId: id, sentAtMs: sentAtMs ?? systemClock.nowMs() },
    body,
  );
  const audience = to === self.account ? OWN : PEER;
  database
    .prepare("INSERT INTO outbox (message_id, audience, account, content) VALUES (?, ?, ?, ?)")
    .run(messageIdToBytes(ids.envelope ?? id), audience, to, content);
  // Any change that the own devices hear of wakes the outbox.
  await client.setDisplayName(self.displayName);
  return id;
}

/** The numbers of the audiences in the store. */
const OWN = 1;
const PEER = 3;
