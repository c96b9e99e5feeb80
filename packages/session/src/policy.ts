/** How long the session machine waits, for what, and why. docs/PROTOCOL.md, "Keeping alive". */
import { assert, type Random } from "@hawser/base";

/** From opening the transport until it is open (FAILURES: a 503 on the upgrade left a client connecting for ever). */
export const CONNECT_DEADLINE_MS = 8_000;
/** From the open transport to ServerHello, which the server sends at once. */
export const HELLO_DEADLINE_MS = 8_000;
/** Signing the challenge is local work. */
export const SIGN_DEADLINE_MS = 5_000;
/** From ClientHello to Welcome; the server may have to read stapled lists. */
export const WELCOME_DEADLINE_MS = 10_000;
/** Checking a revoking list is local work; when it does not end, the device stays signed in. */
export const VERIFY_DEADLINE_MS = 5_000;

export const PING_EVERY_MS = 25_000;
/** Pings spread by ± this share, so that a server's clients do not ping in step. */
export const PING_JITTER = 0.2;
/** After a ping anything heard counts as an answer. */
export const WATCHDOG_MS = 10_000;
/** After a hint that the network changed, an answer is due sooner. */
export const PROBE_WATCHDOG_MS = 4_000;
/** A connection this old forgets the failures before it. */
export const GOOD_AFTER_MS = 30_000;

export const FIRST_RETRY_MS = 500;
export const MAX_RETRY_MS = 60_000;
/** No server can send a client away for longer. */
export const MAX_RETRY_AFTER_MS = 3_600_000;
/** The server called our frames wrong: a bug, which trying again at once does not heal. */
export const FAULT_RETRY_MS = 30_000;
/** Another process with this device's keys took over: do not fight for the connection. */
export const REPLACED_RETRY_MS = 60_000;
/** An outdated program asks once an hour whether it is still too old. */
export const UPDATE_RETRY_MS = 3_600_000;

/** A server's word corrects the device's clock by at most so much: one that is years off must not move what this device dates. */
export const MAX_CLOCK_CORRECTION_MS = 24 * 3_600_000;

/** An answer to a ping is this old at most (`WATCHDOG_MS`): a clock that seems off by less may only be a slow network. */
export const CLOCK_DOUBT_MS = 10_000;

export const MIN_SLOW_DOWN_PERCENT = 100;
export const MAX_SLOW_DOWN_PERCENT = 1_000;

/** The session's own request number, outside the range that clients may use for theirs. */
export const PING_REQUEST_ID = 0xffff_ffff;
/** Requests of the client stay below. */
export const MAX_CLIENT_REQUEST_ID = 0xffff_0000;

/** Uniform in [0, 1). */
export function fraction(random: Random): number {
  const bytes = random.bytes(4);
  assert(bytes.length === 4, "random gave another size");
  return (((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0) / 0x1_0000_0000;
}

/** Equal jitter: half of an exponentially growing ceiling is fixed, half random. `failures` ≥ 1. */
export function backoffMs(failures: number, random: Random): number {
  const ceilingMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(ceilingMs / 2 + (ceilingMs / 2) * fraction(random));
}

/**
 * The pause before the next try: the backoff, stretched by the server's SlowDown, never shorter than `floorMs` (a
 * Retry-After or a policy above). A floor is spread by a tenth, so that those sent away together do not return together.
 */
export function pauseMs(failures: number, floorMs: number, slowDownPercent: number, random: Random): number {
  const backoff = Math.round((backoffMs(failures, random) * slowDownPercent) / 100);
  const floor = Math.min(floorMs, MAX_RETRY_AFTER_MS);
  return Math.max(backoff, Math.round(floor + (floor / 10) * fraction(random)));
}

export function pingDelayMs(slowDownPercent: number, random: Random): number {
  const jitter = 1 - PING_JITTER + 2 * PING_JITTER * fraction(random);
  return Math.round((PING_EVERY_MS * jitter * slowDownPercent) / 100);
}
