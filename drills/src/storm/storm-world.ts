/** What one person who links needs of the world: time, connections, and what their devices do for themselves. Virtual, or sockets to a process. */
import type { Push, RequestSchema, Response } from "@hawser/wire";
import type { MessageInitShape } from "@bufbuild/protobuf";

export type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;
export type Side = "phone" | "companion";

export interface StormTime {
  readonly nowMs: number;
  /** The result cancels it. */
  after(delayMs: number, act: () => void): () => void;
}

/** One connection. */
export interface StormLine {
  /** No answer while the server is gone. */
  ask(operation: Operation, answer: (response: Response) => void): void;
  /** It has ended. */
  gone(): void;
}

export interface StormService {
  line(person: number, side: Side, onPush: (push: Push) => void): StormLine;
  /** The phone signs a list with the new device in it, and publishes it. */
  certify(person: number, done: (device: number) => void): void;
  /** The new device connects as what it is now. */
  activate(person: number, done: () => void): void;
}
