/**
 * The world of a storm over sockets to a real server. Real are connections, authentication, device lists and everything the server checks
 * or stores; only what it cannot look into, the sealed envelopes of the ceremony, is symbolic (`symbolic-jobs.ts`).
 */
import { nodePrimitives, systemRandom } from "@hawser/io-node";
import { entryOf, TestAccount } from "@hawser/relay/test-world";
import type { Push } from "@hawser/wire";
import { isFirstSlot } from "./link-server.ts";
import { LoadSocket } from "./load-socket.ts";
import type { Side, StormLine, StormService, StormTime } from "./storm-world.ts";

export const realTime: StormTime = {
  get nowMs() {
    return performance.now();
  },
  after(delayMs, act) {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};

export class SocketService implements StormService {
  readonly #url: string;
  readonly #accounts: TestAccount[] = [];
  readonly #phones: LoadSocket[] = [];
  readonly #onPhonePush: ((push: Push) => void)[] = [];
  readonly #others: LoadSocket[] = [];
  readonly #onReconnected: (person: number, side: Side) => void;
  /** Links that were let in: their first slot was taken. */
  begun = 0;

  get connected(): number {
    return LoadSocket.connected;
  }

  get revoked(): number {
    return LoadSocket.revoked;
  }

  constructor(url: string, onReconnected: (person: number, side: Side) => void) {
    this.#url = url;
    this.#onReconnected = onReconnected;
  }

  /** A registered account with a connected phone. */
  prepare(person: number): Promise<void> {
    const account = new TestAccount(systemRandom, nodePrimitives);
    this.#accounts[person] = account;
    return new Promise((resolve, reject) => {
      const stranger = this.#socket(person, { onPush: () => undefined, onWelcome: () => undefined });
      stranger.ask({ case: "register", value: { handle: `storm${person}`, list: account.first } }, ({ result }) => {
        stranger.close();
        if (result.case !== "register") return reject(new Error(`account ${person} was not registered`));
        this.#phones[person] = this.#socket(person, {
          identity: { account, device: 1 },
          onPush: (push) => this.#onPhonePush[person]?.(push),
          onWelcome: (again) => (again ? this.#onReconnected(person, "phone") : resolve()),
        });
      });
    });
  }

  line(person: number, side: Side, onPush: (push: Push) => void): StormLine {
    if (side === "phone") {
      this.#onPhonePush[person] = onPush;
      return {
        ask: (operation, answer) =>
          this.#phones[person]!.ask(operation, (response) => {
            const isBegin = operation.case === "rendezvousPut" && isFirstSlot(operation.value) && response.result.case === "rendezvousPut";
            if (isBegin) this.begun++;
            answer(response);
          }),
        gone: () => undefined,
      };
    }
    // Opened with its first question: somebody opens the page then.
    let socket: LoadSocket | undefined;
    return {
      ask: (operation, answer) => {
        socket ??= this.#socket(person, { onPush, onWelcome: (again) => again && this.#onReconnected(person, "companion") });
        socket.ask(operation, answer);
      },
      gone: () => {
        socket?.close();
        socket = undefined;
      },
    };
  }

  /** Signed, handed over and published at once: whichever way the list arrives first, it is the same list. */
  certify(person: number, done: (device: number) => void): void {
    const account = this.#accounts[person]!;
    const list = account.add("companion");
    this.#phones[person]!.ask({ case: "publishDeviceList", value: { list } }, () => undefined);
    realTime.after(0, () => done(account.latest.list.nextDeviceNumber - 1));
  }

  activate(person: number, done: () => void): void {
    const account = this.#accounts[person]!;
    const staple = entryOf(account.latest);
    const identity = { account, device: account.latest.list.nextDeviceNumber - 1, staple };
    this.#others.push(this.#socket(person, { identity, onPush: () => undefined, onWelcome: (again) => again || done() }));
  }

  close(): void {
    for (const socket of [...this.#phones, ...this.#others]) socket?.close();
  }

  #socket(person: number, options: Omit<ConstructorParameters<typeof LoadSocket>[0], "url" | "address">): LoadSocket {
    const address = `10.${(person >> 16) & 255}.${(person >> 8) & 255}.${person & 255}`;
    return new LoadSocket({ url: this.#url, address, ...options });
  }
}
