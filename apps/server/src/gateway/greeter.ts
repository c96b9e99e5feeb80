/** The first words on a connection: ServerHello, and what a ClientHello makes of it. docs/PROTOCOL.md, "Connecting". */
import { assert, type Clock, type Primitives } from "@hawser/base";
import type { Directory, Mailboxes, Operations } from "@hawser/relay";
import {
  type ClientHello,
  DeviceWelcomeSchema,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
  type RegistrationPolicy,
  ServerHelloSchema,
  WelcomeSchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Connection } from "./connection.ts";
import type { GatewayLimits } from "./gateway-limits.ts";
import type { GoodbyeReason } from "./goodbye.ts";
import { type HelloOutcome, judgeHello } from "./hello.ts";
import type { Lobby } from "./lobby.ts";
import type { GatewayMetrics } from "./observation.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface GreeterParts {
  readonly directory: Directory;
  readonly operations: Operations;
  readonly mailboxes: Mailboxes;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly origin: string;
  readonly registration: RegistrationPolicy;
  readonly serverVersion: string;
  readonly linkNodes?: readonly string[];
  readonly limits: GatewayLimits;
  readonly lobby: Lobby;
  readonly metrics: GatewayMetrics;
  /** Ends an older connection of the same device. */
  readonly replace: (connection: Connection) => void;
}

const BUSY_RETRY_MS = 5_000;

export class Greeter {
  readonly #parts: GreeterParts;

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  greet(connection: Connection): void {
    const { clock, origin, registration, serverVersion, linkNodes = [] } = this.#parts;
    assert(connection.nonce !== undefined, "a fresh connection has a challenge");
    const message = create(ServerHelloSchema, {
      nonce: connection.nonce,
      serverTimeMs: BigInt(Math.floor(clock.nowMs())),
      origin,
      protocolMin: PROTOCOL_MIN,
      protocolMax: PROTOCOL_MAX,
      registration,
      serverVersion,
      linkNodes: [...linkNodes],
    });
    connection.write({ type: "server-hello", message });
  }

  /** Welcomes the connection, or says why it must go. May throw `OperationalError`. */
  answer(connection: Connection, hello: ClientHello): GoodbyeReason | undefined {
    const { directory, primitives, origin, lobby } = this.#parts;
    assert(connection.nonce !== undefined, "a connection that waits for a hello has a challenge");
    const outcome = judgeHello(hello, { directory, primitives, origin, nonce: connection.nonce });
    switch (outcome.kind) {
      case "refused":
        return outcome.reason;
      case "anonymous":
        if (!lobby.becomeAnonymous(connection)) return { error: "OVERLOADED", retryAfterMs: BUSY_RETRY_MS };
        connection.write({ type: "welcome", message: create(WelcomeSchema, { protocol: outcome.protocol }) });
        return undefined;
      case "device":
        this.#admit(connection, outcome);
        return undefined;
    }
  }

  #admit(connection: Connection, proven: HelloOutcome & { kind: "device" }): void {
    const { directory, operations, mailboxes, clock, limits, lobby, metrics, replace } = this.#parts;
    const { account, device } = proven.address;
    // What may throw comes first: a refused connection must leave nothing behind.
    const newerLists = directory.listsAfter(account, proven.listNumber);
    const left = operations.preKeysLeft(proven.address);
    const highest = operations.highestPreKeys(proven.address);
    const older = lobby.findDevice(account, device);
    if (older !== undefined) replace(older);
    const attachment = mailboxes.attach(proven.address, connection, proven.mailbox);
    connection.sent = attachment.start;
    connection.device = {
      address: proven.address,
      accountBytes: proven.accountBytes,
      device,
      window: mailboxes.holdWindow(proven.address),
      mailbox: attachment.mailbox,
      epoch: attachment.epoch,
      group: lobby.group(connection, account),
      bucket: new TokenBucket(limits.sendBurstPerConnection, clock.monotonicMs()),
    };
    metrics.authenticated.add(1);
    const message = create(WelcomeSchema, {
      protocol: proven.protocol,
      device: create(DeviceWelcomeSchema, {
        mailboxEpoch: attachment.epoch,
        nextSequence: BigInt(attachment.start + 1),
        needsResync: attachment.needsResync,
        newerLists: [...newerLists],
        oneTimePreKeysLeft: left.oneTime,
        oneTimeKemPreKeysLeft: left.kem,
        waiting: BigInt(attachment.mailbox.waiting),
        committedSequence: BigInt(attachment.committed),
        lastMessageId: attachment.lastSent ?? new Uint8Array(0),
        highestOneTimePreKey: highest.oneTime,
        highestOneTimeKemPreKey: highest.kem,
      }),
    });
    connection.write({ type: "welcome", message });
    operations.connected(connection);
  }
}
