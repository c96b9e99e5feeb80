/**
 * Looks along the way to the server, hop by hop: name, TCP, TLS, `/healthz`, WebSocket. Invariants: nobody but the server itself and the
 * system's own resolver is asked; every hop has a deadline; what goes wrong is a finding, never an exception.
 */
import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { connect as connectTls } from "node:tls";
import { toHex, type Transport } from "@hawser/base";
import {
  carrierProbes,
  type Findings,
  type HealthAnswer,
  HOP_DEADLINE_MS,
  MAX_HEALTH_BYTES,
  type Probe,
  readGreeting,
  readHealth,
} from "@hawser/diagnosis";
import { httpTransport } from "@hawser/wire";
import { WebSocket } from "ws";
import { nodeStreamingHttp } from "./streaming-http.node.ts";
import { systemClock, systemRandom } from "./system-clock.node.ts";

export interface Way {
  /** `http(s)://host[:port]`. */
  readonly serverUrl: string;
  /** PEM; the certificate this profile was told to expect. */
  readonly certificateAuthority?: string | undefined;
}

const CHALLENGE_BYTES = 16;

/** The probes of one way; they run beside one another. */
export function wayProbes(way: Way): Probe[] {
  return [
    { names: ["network", "name", "tcp", "tls"], run: () => lookAtHops(way) },
    { names: ["http", "roles", "clock", "version", "crowd"], run: () => askHealth(way) },
    { names: ["socket"], run: async () => ({ socket: await openSocket(way) }) },
    ...carrierProbes({ events: carrier("sse", way), poll: carrier("poll", way) }, connectUrl(way), systemClock),
  ];
}

const connectUrl = ({ serverUrl }: Way): string => `${serverUrl.replace(/\/+$/, "")}/v1/connect`;

const carrier = (kind: "sse" | "poll", { certificateAuthority }: Way): Transport =>
  httpTransport(kind, nodeStreamingHttp(certificateAuthority === undefined ? {} : { certificateAuthority }), systemClock);

async function lookAtHops({ serverUrl, certificateAuthority }: Way): Promise<Partial<Findings>> {
  const url = new URL(serverUrl);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const isNear = /^(localhost|127\.|::1$)/.test(host);
  const network = isNear ? {} : { network: lookAtNetwork() };
  const name = isIP(host) === 0 && !isNear ? await lookUp(host) : undefined;
  if (name !== undefined && name.kind !== "found") return { ...network, name };
  const named = name === undefined ? {} : { name };
  const tcp = await connect(host, port);
  if (tcp.kind !== "connected" || url.protocol !== "https:") return { ...network, ...named, tcp };
  return { ...network, ...named, tcp, tls: await lookAtCertificate(host, port, certificateAuthority) };
}

/** Interfaces with an address beside the machine's own loop. */
function lookAtNetwork(): Findings["network"] {
  const outward = Object.values(networkInterfaces()).flatMap((entries) => entries?.filter(({ internal }) => !internal) ?? []);
  return { kind: outward.length > 0 ? "online" : "offline" };
}

async function lookUp(host: string): Promise<Findings["name"]> {
  const asked = lookup(host).then(
    () => ({ kind: "found" }) as const,
    (error: NodeJS.ErrnoException) => ({ kind: error.code === "ENOTFOUND" ? "not-found" : "failed" }) as const,
  );
  return (await within(asked)) ?? { kind: "failed" };
}

const REFUSED = new Set(["ECONNREFUSED", "ECONNRESET"]);

function connect(host: string, port: number): Promise<Findings["tcp"]> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (kind: Findings["tcp"]["kind"]): void => {
      socket.destroy();
      clearTimeout(timer);
      resolve({ kind });
    };
    const timer = setTimeout(() => end("silent"), HOP_DEADLINE_MS);
    socket.once("connect", () => end("connected"));
    socket.on("error", (error) => end(REFUSED.has(codeOf(error)) ? "refused" : codeOf(error) === "ETIMEDOUT" ? "silent" : "unreachable"));
  });
}

/** Where a name has several addresses, the first one's failure stands for them. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

const DATES = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** The handshake is completed whatever the certificate, to say what is wrong with it; nothing is sent over it. */
function lookAtCertificate(host: string, port: number, authority: string | undefined): Promise<Findings["tls"]> {
  return new Promise((resolve) => {
    const named = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ host, port, rejectUnauthorized: false, ...named, ...(authority === undefined ? {} : { ca: authority }) });
    const end = (finding: Findings["tls"]): void => {
      socket.destroy();
      clearTimeout(timer);
      resolve(finding);
    };
    const timer = setTimeout(() => end({ kind: "failed" }), HOP_DEADLINE_MS);
    socket.once("secureConnect", () => {
      if (socket.authorized) return end({ kind: "trusted" });
      // Node gives the code itself, its types an Error.
      const reason: unknown = socket.authorizationError;
      const code = typeof reason === "string" ? reason : codeOf(reason);
      if (DATES.has(code)) return end({ kind: "dates" });
      return end(code === "ERR_TLS_CERT_ALTNAME_INVALID" ? { kind: "other-name" } : { kind: "untrusted", pinned: authority !== undefined });
    });
    socket.on("error", () => end({ kind: "failed" }));
  });
}

async function askHealth(way: Way): Promise<Partial<Findings>> {
  const challenge = toHex(systemRandom.bytes(CHALLENGE_BYTES));
  const url = new URL("/healthz", way.serverUrl);
  url.searchParams.set("probe", challenge);
  const answer = await ask(url, way.certificateAuthority);
  return typeof answer === "string" ? { http: { kind: answer } } : readHealth(answer, challenge);
}

function ask(url: URL, authority: string | undefined): Promise<HealthAnswer | "silent" | "failed"> {
  return new Promise((resolve) => {
    const startedMs = systemClock.monotonicMs();
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, { agent: false, ...(authority === undefined ? {} : { ca: authority }) });
    const end = (answer: HealthAnswer | "silent" | "failed"): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end("silent"), HOP_DEADLINE_MS);
    request.on("error", () => end("failed"));
    request.once("response", (response) => {
      const tookMs = systemClock.monotonicMs() - startedMs;
      const receivedAtMs = systemClock.nowMs();
      void readBody(response).then((body) =>
        end(body === undefined ? "failed" : { status: response.statusCode ?? 0, headers: plain(response), body, tookMs, receivedAtMs }),
      );
    });
    request.end();
  });
}

const plain = (response: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));

/** What is longer than the server's answer is cut: it is not the server's. `undefined` when the connection broke in the middle. */
async function readBody(response: IncomingMessage): Promise<string | undefined> {
  let text = "";
  try {
    for await (const part of response.setEncoding("utf8") as AsyncIterable<string>) {
      text += part;
      if (text.length > MAX_HEALTH_BYTES) break;
    }
    return text;
  } catch {
    return undefined;
  }
}

function openSocket(way: Way): Promise<Findings["socket"]> {
  return new Promise((resolve) => {
    const socket = new WebSocket(connectUrl(way).replace(/^http/, "ws"), {
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: MAX_HEALTH_BYTES,
      ...(way.certificateAuthority === undefined ? {} : { ca: way.certificateAuthority }),
    });
    const end = (finding: Findings["socket"]): void => {
      clearTimeout(timer);
      socket.terminate();
      resolve(finding);
    };
    const timer = setTimeout(() => end({ kind: "silent" }), HOP_DEADLINE_MS);
    socket.on("message", (data: Buffer) => end(readGreeting(new Uint8Array(data)).socket));
    socket.on("unexpected-response", (request: { socket: Socket | null }, response: IncomingMessage) => {
      request.socket?.destroy();
      end({ kind: "stripped", status: response.statusCode ?? 0 });
    });
    socket.on("error", () => end({ kind: "failed" }));
    socket.on("close", () => end({ kind: "failed" }));
  });
}

function within<T>(work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), HOP_DEADLINE_MS);
    void work.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
