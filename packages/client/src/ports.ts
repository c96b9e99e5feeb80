/** Everything the client needs from the platform. Made at a composition root (`@hawser/sdk` for Node, a worker for browsers). */
import type { LocalDateTime } from "@hawser/chat-import";
import type { Clock, Http, Primitives, Random, SqlDatabase, Transport, VerifyP256 } from "@hawser/base";
import type { RecoveryKdf } from "@hawser/crypto";
import type { Compression } from "@hawser/sync";
import type { IdentityVault } from "./account/vault.ts";
import type { StorageStatus } from "./api.ts";

export interface ClientPorts {
  /** Exclusively this client's: one writer a profile. The client closes it. */
  readonly database: SqlDatabase;
  readonly transport: Transport;
  /** What carries frames where `transport` does not get through: the client chooses by what works, and remembers it. */
  readonly otherTransports?: readonly Transport[];
  /** The platform's name for the network it is on; "" or absent when it cannot tell. Only compared, never sent. */
  readonly network?: () => string;
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly primitives: Primitives;
  /** Checks passkeys of devices that want to link. Where it is absent none counts as shown. */
  readonly verifyP256?: VerifyP256;
  /** Where this application was loaded from or configured for, e.g. `https://chat.example.org`; devices sign for it. */
  readonly origin: string;
  /** Base of the server's addresses, `http(s)://host[:port]`; usually the origin. */
  readonly serverUrl: string;
  readonly storage: StorageStatus;
  /** A second place for the device's keys, where the platform has one. */
  readonly vault?: IdentityVault;
  readonly platform: {
    readonly kind: "web" | "terminal" | "sdk";
    readonly version: string;
    readonly description: string;
    /** Words of docs/OUTCOMES.md; anything else counts as "other". */
    readonly engine?: string;
    readonly region?: string;
    readonly system?: string;
  };
  /** Argon2id over a recovery code; `@hawser/crypto` brings one. */
  readonly recoveryKdf: RecoveryKdf;
  /** Native raw DEFLATE; `pureCompression` otherwise. */
  readonly compression?: Compression;
  /** What this device's time zone makes of a wall-clock time in an imported chat; UTC when absent. */
  readonly localTimeToUtcMs?: (local: LocalDateTime) => number;
  /** Calls back when a member's client may connect and take up what was under way: where a person waits for a screen, when that is there. At once when absent. */
  readonly begin?: (resume: () => void) => void;
  /** Events of this program's life: names and numbers, never what people wrote or keys. */
  readonly log?: (event: LogEvent) => void;
}

export interface LogEvent {
  readonly event: string;
  readonly [detail: string]: string | number | boolean | undefined;
}
