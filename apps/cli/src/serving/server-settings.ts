/** From `hawser serve`'s options and the environment to what the server is told. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  lanAddresses,
  loadOrCreateCertificate,
  MAX_LINK_NODES,
  type LogLevel,
  type RegistrationMode,
  type ServerOptions,
} from "@hawser/server";
import { CliError } from "../error-text.ts";
import { dataFolder } from "./data-folder.ts";

export interface ServeOptions {
  readonly host?: string;
  readonly port: string;
  readonly data?: string;
  readonly origin?: string;
  readonly registration: RegistrationMode;
  readonly lan?: boolean;
  readonly demo?: boolean;
  readonly logLevel?: LogLevel;
  readonly webRoot?: string;
  readonly trustedProxy?: readonly string[];
  readonly linkNode?: readonly string[];
  readonly linkFor?: readonly string[];
}

export interface ServerSettings {
  readonly server: ServerOptions & { readonly dataDir: string };
  /** With `--lan`: what browsers show of the certificate. */
  readonly fingerprint: string | undefined;
}

const BUILT_WEB_APP = fileURLToPath(new URL("../../../web/dist", import.meta.url));
const MAX_PORT = 65_535;

export function serverSettings(options: ServeOptions, environment: NodeJS.ProcessEnv, watched: boolean): ServerSettings {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new CliError("USAGE", { detail: `--port is a number from 0 to ${MAX_PORT}.` });
  const dataDir = dataFolder(options.data, environment, { mustExist: false });
  const lan = options.lan === true ? onLocalNetwork(dataDir, port) : undefined;
  const origin = options.origin ?? environment["HAWSER_ORIGIN"] ?? lan?.origin;
  const webRoot = webFolder(options.webRoot);
  const trustedProxies = options.trustedProxy ?? environment["HAWSER_TRUSTED_PROXIES"]?.split(",").map((text) => text.trim());
  const metricsToken = environment["HAWSER_METRICS_TOKEN"];
  const adminToken = environment["HAWSER_ADMIN_TOKEN"];
  return {
    fingerprint: lan?.tls.fingerprint,
    server: {
      dataDir,
      host: options.host ?? (lan === undefined ? "127.0.0.1" : "0.0.0.0"),
      port,
      registration: options.registration,
      // A person reads the banner; a container's log has to tell more.
      logLevel: options.logLevel ?? (watched ? "warn" : "info"),
      ...(origin === undefined ? {} : { origin: parseOrigin(origin) }),
      ...(webRoot === undefined ? {} : { webRoot }),
      ...(lan === undefined ? {} : { tls: lan.tls }),
      ...(trustedProxies === undefined ? {} : { trustedProxies }),
      ...(options.linkNode === undefined ? {} : { linkNodes: linkNodes(options.linkNode) }),
      ...(options.linkFor === undefined ? {} : { linkFor: options.linkFor.map(parseOrigin) }),
      ...(metricsToken === undefined || metricsToken === "" ? {} : { metricsToken }),
      ...(adminToken === undefined || adminToken === "" ? {} : { adminToken }),
    },
  };
}

function onLocalNetwork(dataDir: string, port: number): { origin: string; tls: ReturnType<typeof loadOrCreateCertificate> } {
  const addresses = lanAddresses();
  const [first] = addresses;
  if (first === undefined)
    throw new CliError("ADDRESS_UNAVAILABLE", { detail: "This computer is on no network.", next: "Connect it, or leave out --lan." });
  if (port === 0) throw new CliError("USAGE", { detail: "--lan needs a fixed --port: phones keep the address." });
  return { origin: `https://${first.includes(":") ? `[${first}]` : first}:${port}`, tls: loadOrCreateCertificate(dataDir, addresses) };
}

function webFolder(given: string | undefined): string | undefined {
  const folder = given === undefined ? BUILT_WEB_APP : resolve(given);
  if (existsSync(folder)) return folder;
  if (given !== undefined) throw new CliError("FILE_UNREADABLE", { detail: `There is no web app in ${folder}.` });
  return undefined;
}

function linkNodes(given: readonly string[]): string[] {
  if (given.length > MAX_LINK_NODES) throw new CliError("USAGE", { detail: `At most ${MAX_LINK_NODES} other servers can relay links.` });
  return given.map(parseOrigin);
}

function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/") {
    throw new CliError("USAGE", {
      detail: `"${text}" is not an origin.`,
      next: "Give scheme and host as browsers show them: https://chat.example.org",
    });
  }
  return url.origin;
}
