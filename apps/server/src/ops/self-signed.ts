/**
 * A self-signed X.509 certificate (RFC 5280) for ECDSA on P-256: the few DER structures it needs, written out. A certificate
 * library would bring a framework and a global polyfill for these hundred lines.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv6 } from "node:net";

export interface SelfSigned {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

export interface SelfSignedOptions {
  readonly commonName: string;
  /** DNS names and addresses. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export function createSelfSigned(options: SelfSignedOptions): SelfSigned {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const body = certificateBody(options, privateKey);
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, ECDSA_WITH_SHA256, bitString(signature));
  const lines = der.toString("base64").replaceAll(/.{64}(?=.)/g, "$&\n");
  return {
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })).trim(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----`,
  };
}

const SERIAL_SIZE_BYTES = 16;
const VERSION_3 = tagged(0xa0, tagged(0x02, Buffer.of(2)));

function certificateBody(options: SelfSignedOptions, privateKey: KeyObject): Buffer {
  const serial = randomBytes(SERIAL_SIZE_BYTES);
  // Positive, and without a leading zero byte.
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const name = sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from(options.commonName)))));
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const validity = sequence(time(options.notBeforeMs), time(options.notAfterMs));
  return sequence(
    VERSION_3,
    tagged(0x02, serial),
    ECDSA_WITH_SHA256,
    name,
    validity,
    name,
    publicKey,
    tagged(0xa3, extensions(options.names)),
  );
}

function extensions(names: readonly string[]): Buffer {
  const critical = tagged(0x01, Buffer.of(0xff));
  const value = (content: Buffer): Buffer => tagged(0x04, content);
  return sequence(
    // basicConstraints: not an authority.
    sequence(oid("2.5.29.19"), critical, value(sequence())),
    // keyUsage: digitalSignature.
    sequence(oid("2.5.29.15"), critical, value(tagged(0x03, Buffer.of(7, 0x80)))),
    // extendedKeyUsage: serverAuth.
    sequence(oid("2.5.29.37"), value(sequence(oid("1.3.6.1.5.5.7.3.1")))),
    // subjectAltName.
    sequence(oid("2.5.29.17"), value(sequence(...names.map(generalName)))),
  );
}

function generalName(name: string): Buffer {
  return isIP(name) === 0 ? tagged(0x82, Buffer.from(name, "ascii")) : tagged(0x87, addressBytes(name));
}

/** 4 or 16 bytes. */
function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes embedded IPv4 parts as hexadecimal groups.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const before = groups(head);
  const after = groups(tail ?? "");
  const all = tail === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

const ECDSA_WITH_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

const bitString = (content: Buffer): Buffer => tagged(0x03, Buffer.concat([Buffer.of(0), content]));

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 256 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [40 * first + second];
  for (const arc of rest) {
    const septets = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) septets.unshift((left & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return tagged(0x06, Buffer.from(bytes));
}
