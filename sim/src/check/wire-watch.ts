/**
 * Watches every frame on every connection. It knows what the server has acknowledged, that no frame holds plaintext, and that no
 * ciphertext that it stored shares key and nonce with another.
 */
import { accountIdFromBytes, type Bytes, messageIdFromBytes, type MessageId } from "@hawser/base";
import { decodeBatch, decodeSend, FRAME_TYPES, type SendFrame } from "@hawser/wire";
import type { Line, Network } from "../engine/network.ts";
import type { KeyUse } from "./key-use.ts";
import type { Violations } from "./violation.ts";

/** Stands in every text, name and title of the workload; nobody but the ends may ever see it. */
export const CANARY = "qzcanary";
const CANARY_BYTES = Buffer.from(CANARY);

export const holdsCanary = (bytes: Bytes): boolean => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(CANARY_BYTES);

export class WireWatch {
  /** Acknowledged by the server, with the world's time of the first time. */
  readonly accepted = new Map<MessageId, number>();
  /** Devices for which the server has taken a message, as `account/number`. */
  readonly takenFor = new Map<MessageId, Set<string>>();
  readonly #requests = new WeakMap<Line, Map<number, SendFrame>>();
  readonly #violations: Violations;
  readonly #keyUse: KeyUse;
  readonly #network: Network;

  constructor(network: Network, keyUse: KeyUse, violations: Violations) {
    this.#network = network;
    this.#violations = violations;
    this.#keyUse = keyUse;
    this.#network = network;
    network.taps.push((direction, connection, bytes) => {
      if (holdsCanary(bytes))
        violations.add("no plaintext at the server", `a frame of type ${bytes[0]} from ${connection.device} holds plaintext`);
      if (direction === "up" && bytes[0] === FRAME_TYPES.send) this.#send(connection, bytes);
      if (direction === "down" && bytes[0] === FRAME_TYPES.batch) this.#batch(connection, bytes);
    });
  }

  body(bytes: Bytes): void {
    if (holdsCanary(bytes)) this.#violations.add("no plaintext at the server", "a blob's upload holds plaintext");
  }

  #send(connection: Line, bytes: Bytes): void {
    const frame = decodeSend(bytes);
    if (!frame.ok) return this.#violations.add("no fault inside", `${connection.device} sent a malformed frame`);
    let requests = this.#requests.get(connection);
    if (requests === undefined) {
      requests = new Map();
      this.#requests.set(connection, requests);
    }
    requests.set(frame.value.request, frame.value);
  }

  #batch(connection: Line, bytes: Bytes): void {
    const batch = decodeBatch(bytes);
    if (!batch.ok) return this.#violations.add("no fault inside", `the server sent ${connection.device} a malformed batch`);
    for (const request of batch.value.acks) {
      const frame = this.#requests.get(connection)?.get(request);
      if (frame === undefined) continue;
      const id = messageIdFromBytes(frame.messageId);
      if (!this.accepted.has(id)) this.accepted.set(id, this.#network.scheduler.nowMs);
      const takenFor = this.takenFor.get(id) ?? new Set();
      this.takenFor.set(id, takenFor);
      for (const { account, capsules } of frame.targets)
        for (const { device } of capsules) takenFor.add(`${accountIdFromBytes(account)}/${device}`);
      // What a server did not store it does not keep, and can say nothing of to a store that was put back.
      this.#keyUse.stored(frame.body, connection.device);
      for (const target of frame.targets) for (const capsule of target.capsules) this.#keyUse.stored(capsule.bytes, connection.device);
    }
  }
}
