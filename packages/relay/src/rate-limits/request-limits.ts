/**
 * How much one stranger, one account or one pair may ask. Every limit answers with the time to wait; none of them ever
 * ends a session. docs/OPERATIONS.md, "Limits".
 */
import type { Clock } from "@hawser/base";
import { type BucketRule, TokenBuckets } from "./token-buckets.ts";

export interface RequestLimits {
  /** Every request whatever it asks, per caller: so that none can be without a limit. */
  readonly request: BucketRule;
  /** CheckHandle, FindHandle and GetHandle, per caller. */
  readonly handleLookup: BucketRule;
  /** Accounts created, per network address. */
  readonly register: BucketRule;
  /** Tries of an invitation or a one-time code, per network address. */
  readonly registerTry: BucketRule;
  /** One-time codes asked for, per network address; and per receiving address. */
  readonly code: BucketRule;
  readonly codePerReceiver: BucketRule;
  /** GetDeviceLists, per caller. */
  readonly deviceLists: BucketRule;
  /** PublishDeviceList, per account. */
  readonly publish: BucketRule;
  /** UploadPreKeys, per device. */
  readonly preKeyUpload: BucketRule;
  /** One-time keys claimed by one account of one device; and by one account of all devices together. */
  readonly claimPerPair: BucketRule;
  readonly claimPerClaimer: BucketRule;
  /** Slots written, and watches begun, per network address. */
  readonly rendezvousPut: BucketRule;
  readonly rendezvousWatch: BucketRule;
  /** Upload tickets, per account. */
  readonly grant: BucketRule;
  /** Heads of archives read, written and deleted, per account. */
  readonly archive: BucketRule;
  /** Recovery capsules asked for, per network address (each handle has a back-off of its own). */
  readonly recoveryGet: BucketRule;
  /** Recovery capsules stored, listed and removed, SetBlocked, SetDormancy and GetDeviceActivity, per account. */
  readonly accountChange: BucketRule;
  /** ReportOutcomes, per connection's device or, without one, per network address. */
  readonly outcomes: BucketRule;
}

const perSecond = (burst: number, rate: number): BucketRule => ({ burst, refillMs: 1_000 / rate });
const perMinute = (burst: number, rate: number): BucketRule => ({ burst, refillMs: 60_000 / rate });

/** Network addresses may stand for a whole office or a mobile network; accounts may not. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = {
  request: perSecond(2_000, 100),
  handleLookup: perSecond(120, 4),
  register: perMinute(60, 20),
  registerTry: perMinute(20, 6),
  code: perMinute(10, 1),
  codePerReceiver: perMinute(3, 0.2),
  deviceLists: perSecond(300, 30),
  publish: perMinute(60, 30),
  preKeyUpload: perMinute(60, 30),
  claimPerPair: perMinute(20, 1),
  claimPerClaimer: perSecond(1_000, 20),
  rendezvousPut: perSecond(120, 4),
  rendezvousWatch: perSecond(120, 4),
  grant: perSecond(120, 4),
  archive: perSecond(120, 4),
  recoveryGet: perMinute(10, 0.5),
  accountChange: perSecond(120, 4),
  outcomes: perMinute(10, 2),
};

export type RequestLimitName = keyof RequestLimits;
export type RateTables = { readonly [Name in RequestLimitName]: TokenBuckets };

/** One bounded table per limit; `overrides` replaces single rules. */
export function openRateTables(clock: Clock, overrides: Partial<RequestLimits> = {}): RateTables {
  const rules: RequestLimits = { ...DEFAULT_REQUEST_LIMITS, ...overrides };
  const tables = Object.entries(rules).map(([name, rule]: [string, BucketRule]) => [
    name,
    new TokenBuckets(rule, () => clock.monotonicMs()),
  ]);
  return Object.fromEntries(tables) as RateTables;
}
