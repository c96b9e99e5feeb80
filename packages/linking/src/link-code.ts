/**
 * The text behind a QR code: `https://ORIGIN/link#1.`, or `/link-me#1.`, + base64url(rendezvous id ‖ secret ‖ public key). Invariant: a text
 * has one meaning and a meaning has one text, so whatever parses formats back to itself (up to the case of the origin).
 * docs/PROTOCOL.md, "Linking".
 */
import { assert, type Bytes, concat, err, fromBase64Url, ok, type Result, toBase64Url } from "@hawser/base";
import type { Base64Url } from "./link-jobs.ts";
import type { LinkErrorName } from "./link-status.ts";

export const RENDEZVOUS_ID_SIZE_BYTES = 16;
export const LINK_SECRET_SIZE_BYTES = 32;
export const LINK_PUBLIC_KEY_SIZE_BYTES = 32;
const CODE_SIZE_BYTES = RENDEZVOUS_ID_SIZE_BYTES + LINK_SECRET_SIZE_BYTES + LINK_PUBLIC_KEY_SIZE_BYTES;
/** An origin has at most 253 + 16 characters; with room for spaces around a pasted text. */
export const MAX_LINK_CODE_LENGTH = 1_024;
const VERSION = "1";

export interface LinkCodeParts {
  readonly rendezvousId: Base64Url;
  readonly secret: Base64Url;
  readonly publicKey: Base64Url;
}

/** `offset` counts characters of the trimmed text. It never holds the text itself, which is secret. */
export interface LinkCodeError {
  readonly kind: Extract<LinkErrorName, "CODE_MALFORMED" | "CODE_OTHER_ORIGIN" | "CODE_UNSUPPORTED">;
  readonly offset: number;
}

/** What a companion shows. */
export const formatLinkCode = (origin: string, parts: LinkCodeParts): string => format(origin, "link", parts);
/** What a phone shows for a companion to read: the same three parts, of a courier. */
export const formatReverseCode = (origin: string, parts: LinkCodeParts): string => format(origin, "link-me", parts);

/** Any text a camera, an image or a person gave. `origin` is the one this program is served from, without a slash. */
export const parseLinkCode = (text: string, origin: string): Result<LinkCodeParts, LinkCodeError> => parse(text, "link", origin);
export const parseReverseCode = (text: string, origin: string): Result<LinkCodeParts, LinkCodeError> => parse(text, "link-me", origin);

function format(origin: string, path: string, parts: LinkCodeParts): string {
  const bytes = [parts.rendezvousId, parts.secret, parts.publicKey].map((part) => fromBase64Url(part));
  assert(
    bytes[0]?.length === RENDEZVOUS_ID_SIZE_BYTES &&
      bytes[1]?.length === LINK_SECRET_SIZE_BYTES &&
      bytes[2]?.length === LINK_PUBLIC_KEY_SIZE_BYTES,
    "malformed link code parts",
  );
  return `${origin}/${path}#${VERSION}.${toBase64Url(concat(...(bytes as Bytes[])))}`;
}

function parse(text: string, path: "link" | "link-me", origin: string): Result<LinkCodeParts, LinkCodeError> {
  if (text.length > MAX_LINK_CODE_LENGTH) return fail("CODE_MALFORMED", MAX_LINK_CODE_LENGTH);
  const trimmed = text.trim();
  const shape = /^(https?:\/\/[^/?#\s\\@]+)\/(link|link-me)#/i.exec(trimmed);
  if (shape === null || shape[2]!.toLowerCase() !== path) return fail("CODE_MALFORMED", 0);
  if (shape[1]!.toLowerCase() !== origin.toLowerCase()) return fail("CODE_OTHER_ORIGIN", 0);
  const at = shape[0].length;
  const versioned = /^([1-9][0-9]{0,3})\.(.*)$/s.exec(trimmed.slice(at));
  if (versioned === null) return fail("CODE_MALFORMED", at);
  if (versioned[1] !== VERSION) return fail("CODE_UNSUPPORTED", at);
  const bytes = fromBase64Url(versioned[2]!);
  if (bytes?.length !== CODE_SIZE_BYTES) return fail("CODE_MALFORMED", at + VERSION.length + 1);
  const secretEnd = RENDEZVOUS_ID_SIZE_BYTES + LINK_SECRET_SIZE_BYTES;
  return ok({
    rendezvousId: toBase64Url(bytes.subarray(0, RENDEZVOUS_ID_SIZE_BYTES)),
    secret: toBase64Url(bytes.subarray(RENDEZVOUS_ID_SIZE_BYTES, secretEnd)),
    publicKey: toBase64Url(bytes.subarray(secretEnd)),
  });
}

const fail = (kind: LinkCodeError["kind"], offset: number): Result<never, LinkCodeError> => err({ kind, offset });
