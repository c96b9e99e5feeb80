/**
 * How much of an absent device's mailbox one other account may fill. Invariant: a stranger alone cannot make a mailbox overflow,
 * which would drop what others had sent. Costs nothing while the recipient keeps up: only a backlog is shared out.
 */
import { type AccountId, type Clock } from "@hawser/base";
import { type Mailbox, TokenBuckets } from "@hawser/relay";
import type { GatewayLimits } from "./gateway-limits.ts";

export class BacklogShares {
  readonly #limits: GatewayLimits;
  readonly #shares: TokenBuckets;

  constructor(limits: GatewayLimits, clock: Clock) {
    this.#limits = limits;
    this.#shares = new TokenBuckets({ burst: limits.backlogShareBytes, refillMs: 1_000 / limits.backlogShareBytesPerSecond }, () =>
      clock.monotonicMs(),
    );
  }

  hasBacklog(mailbox: Mailbox): boolean {
    return mailbox.waiting >= this.#limits.backlogFreeMessages || mailbox.waitingBytes >= this.#limits.backlogFreeBytes;
  }

  /** Takes `sizeBytes` of the sender's share and gives 0, or takes nothing and gives the milliseconds until it would fit. */
  take(sender: AccountId, recipient: AccountId, sizeBytes: number): number {
    return this.#shares.take(`${sender}>${recipient}`, sizeBytes);
  }
}
