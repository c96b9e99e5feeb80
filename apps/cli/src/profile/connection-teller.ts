/** Says when the connection changes, not how often it was tried. */
import type { ClientState, ConnectionStatus } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import type { CliEvent } from "../json-events.ts";
import { clockTrouble } from "./clock-trouble.ts";
import { refuseRevoked } from "./revoked-error.ts";

type ConnectionEvent = Extract<CliEvent, { event: "connection" }>;
type Told = Exclude<ConnectionStatus, { kind: "connecting" | "update-needed" }>;

export interface TellerOptions {
  /** A connection that fails for less than this is not worth a word. */
  readonly patienceMs: number;
  /** `again`: it was said before that there is none. */
  readonly say: (event: ConnectionEvent, again: boolean) => void;
  /** For people: this computer's clock is wrong. */
  readonly sayClock: (trouble: string) => void;
}

export class ConnectionTeller {
  readonly #options: TellerOptions;
  #last: Told["kind"] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** @throws RevokedError, CliError CLIENT_TOO_OLD, SERVER_TOO_OLD: trying again would be in vain. */
  see(state: ClientState): void {
    refuseRevoked(state);
    const { connection } = state;
    if (connection.kind === "update-needed") throw new CliError(connection.error);
    // A try under way after one that failed is the same trouble, not its end.
    if (connection.kind === "connecting" || connection.kind === this.#last) return;
    if (connection.kind !== "offline") this.stop();
    else if (this.#options.patienceMs > 0) {
      this.#timer ??= setTimeout(() => this.#tell(connection), this.#options.patienceMs);
      return;
    }
    this.#tell(connection);
  }

  /** Nobody wants to hear of it any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tell(connection: Told): void {
    this.#timer = undefined;
    const again = this.#last === "offline";
    this.#last = connection.kind;
    const error = connection.kind === "offline" ? connection.error : null;
    const clockOffsetMs = connection.kind === "online" ? connection.clockOffsetMs : null;
    this.#options.say({ event: "connection", state: connection.kind, error, clockOffsetMs }, again);
    const trouble = clockTrouble(connection);
    if (trouble !== undefined) this.#options.sayClock(trouble);
  }
}
