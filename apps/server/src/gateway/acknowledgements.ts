/**
 * Which SENDs wait for which block. Invariant: an acknowledgement becomes due only when the block that was sealed after its append is durable; when a
 * block fails, everything that is not durable yet is rejected with it.
 */
import type { Connection } from "./connection.ts";

/** Of one connection, in the order of the frames: first those that are due, then those of the sealed block, then those of the next one. */
export class PendingAcks {
  readonly requests: number[] = [];
  sealed = 0;
  due = 0;

  /** The due ones were written. */
  written(): void {
    this.requests.splice(0, this.due);
    this.sealed -= this.due;
    this.due = 0;
  }
}

export class Acknowledgements {
  #unsealed: Connection[] = [];
  #sealed: Connection[] = [];

  add(connection: Connection, request: number): void {
    const acks = (connection.acks ??= new PendingAcks());
    if (acks.sealed === acks.requests.length) this.#unsealed.push(connection);
    acks.requests.push(request);
  }

  seal(): void {
    const unsealed = this.#unsealed;
    this.#unsealed = this.#sealed;
    this.#sealed = unsealed;
    for (const { acks } of unsealed) if (acks !== undefined) acks.sealed = acks.requests.length;
  }

  /** The sealed block is durable; returns how many acknowledgements became due. `due` is called for each of their connections. */
  commit(due: (connection: Connection) => void): number {
    let count = 0;
    for (const connection of this.#sealed) {
      const { acks } = connection;
      if (acks === undefined) continue;
      count += acks.sealed - acks.due;
      acks.due = acks.sealed;
      due(connection);
    }
    this.#sealed.length = 0;
    return count;
  }

  fail(reject: (connection: Connection, request: number) => void): void {
    for (const connection of [...this.#sealed.splice(0), ...this.#unsealed.splice(0)]) {
      const { acks } = connection;
      if (acks === undefined) continue;
      for (const request of acks.requests.splice(acks.due)) reject(connection, request);
      acks.sealed = acks.due;
    }
  }
}
