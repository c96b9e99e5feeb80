/**
 * A certificate of the server's own making, for phones on the local network: cameras and service workers need HTTPS. Made
 * at the first start and kept, so that a browser that was told to trust it stays quiet; made anew when addresses changed.
 */
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import type { TlsOptions } from "../config/server-options.ts";
import { certificatePath } from "./data-dir.ts";
import { createSelfSigned } from "./self-signed.ts";

const DAY_MS = 86_400_000;
/** Apple's platforms refuse longer ones. */
const LIFETIME_MS = 397 * DAY_MS;
const RENEW_BEFORE_MS = 30 * DAY_MS;

export interface LanCertificate extends TlsOptions {
  /** SHA-256 of the certificate, as browsers show it: upper-case hexadecimal with colons. */
  readonly fingerprint: string;
}

/** The kept certificate, if it names all `hosts` (addresses or names) and lives on; a new one otherwise. */
export function loadOrCreateCertificate(dataDir: string, hosts: readonly string[], nowMs: number = Date.now()): LanCertificate {
  const names = [...new Set(["localhost", "127.0.0.1", ...hosts])];
  const kept = load(dataDir);
  if (kept !== undefined && kept.certificate.validToDate.getTime() - nowMs > RENEW_BEFORE_MS && covers(kept.certificate, names))
    return describe(kept);

  const made = createSelfSigned({
    commonName: "Hawser on this network",
    names,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + LIFETIME_MS,
  });
  const path = certificatePath(dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${made.key}\n${made.cert}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return describe({ ...made, certificate: new X509Certificate(made.cert) });
}

interface Kept extends TlsOptions {
  readonly certificate: X509Certificate;
}

const describe = ({ key, cert, certificate }: Kept): LanCertificate => ({ key, cert, fingerprint: certificate.fingerprint256 });

function load(dataDir: string): Kept | undefined {
  try {
    const pem = readFileSync(certificatePath(dataDir), "utf8");
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(pem)?.[0];
    const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0];
    return key === undefined || cert === undefined ? undefined : { key, cert, certificate: new X509Certificate(cert) };
  } catch {
    return undefined;
  }
}

function covers(certificate: X509Certificate, names: readonly string[]): boolean {
  return names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined);
}
