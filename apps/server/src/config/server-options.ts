/** What a server can be told. Everything has a default but where its data lives and who may register. */
import type { BlobPurpose, CodeSender, LinkCapacity, MailboxLimits, RegistrationMode, RequestLimits } from "@hawser/relay";
import type { GatewayLimits } from "../gateway/index.ts";

export interface TlsOptions {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface BlobLimits {
  /** Stored bytes per account. */
  readonly quotaBytes: Readonly<Record<BlobPurpose, number>>;
  readonly retentionMs: Readonly<Record<BlobPurpose, number>>;
  /** Uploads being received, over all and per account. */
  readonly maxUploads: number;
  readonly maxUploadsPerAccount: number;
}

export interface ServerLimits {
  readonly requests?: Partial<RequestLimits>;
  readonly gateway?: Partial<GatewayLimits>;
  readonly blobs?: Partial<BlobLimits>;
  /** What waits for one device; beyond it the oldest messages are dropped, and the device is told. */
  readonly mailboxes?: Partial<MailboxLimits>;
  /** Links begun a second and under way; above it links wait in a line. */
  readonly links?: Partial<LinkCapacity>;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface ServerOptions {
  /** Created when missing. One server at a time. */
  readonly dataDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** What browsers have in their address bar and devices sign for. Default: made of scheme, host and port. */
  readonly origin?: string;
  /** The built web app; without it only the interfaces are served. */
  readonly webRoot?: string;
  readonly registration: RegistrationMode;
  /** For registration "code". Default: the code goes to the server's log. */
  readonly codeSender?: CodeSender;
  readonly tls?: TlsOptions;
  /** Addresses or networks (CIDR) of proxies whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Opens /metrics to whoever sends it as a bearer token; loopback may always read them. */
  readonly metricsToken?: string;
  /** Opens /v1/outcomes to whoever sends it as a bearer token; without it nobody reads them. */
  readonly adminToken?: string;
  readonly logLevel?: LogLevel;
  /** Takes whole lines. Default: standard error. */
  readonly logTo?: { write(line: string): void };
  readonly limits?: ServerLimits;
  /** Other servers, by origin, that relay this one's links when its own linking does not answer. They are asked to by `linkFor`. */
  readonly linkNodes?: readonly string[];
  /** Pages of these origins may connect as well: this server relays their links. */
  readonly linkFor?: readonly string[];
}
