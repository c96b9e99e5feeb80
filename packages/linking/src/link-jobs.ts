/**
 * The cryptographic work of a link, as plain data. A job names everything it depends on, so it can be run again after a
 * restart and gives the same bytes (the phone's HPKE key comes from `entropy`, drawn once per attempt). `run-link-job.ts`
 * carries them out over `@hawser/crypto`. All byte values are base64url without padding.
 */
import type { CourierJob, CourierJobResult } from "./courier-jobs.ts";
import type { LinkErrorName } from "./link-status.ts";

/** Bytes as base64url without padding, so that states and jobs are JSON. */
export type Base64Url = string;

/** The phone's end of a channel: the scanned code, and the entropy of its HPKE ephemeral key (32 bytes). */
export interface PhoneChannel {
  readonly rendezvousId: Base64Url;
  readonly secret: Base64Url;
  readonly companionPublicKey: Base64Url;
  readonly entropy: Base64Url;
}

/** The companion's end: what it put into the code, and the phone's slot 0 as received (a LinkEnvelope). */
export interface CompanionChannel {
  readonly rendezvousId: Base64Url;
  readonly secret: Base64Url;
  /** X25519, 32 bytes each. */
  readonly ephemeralSecret: Base64Url;
  readonly ephemeralPublicKey: Base64Url;
  readonly offerEnvelope: Base64Url;
}

export type AnyChannel = PhoneChannel | CompanionChannel;

/** The future device's own secrets: Ed25519 seed and X25519 secret key, 32 bytes each. */
export interface NewDeviceSecrets {
  readonly signingSeed: Base64Url;
  readonly dhSecret: Base64Url;
}

export interface OfferFields {
  readonly attemptId: Base64Url;
  readonly accountId: Base64Url;
  readonly handle: string;
  readonly origin: string;
  readonly protocolMax: number;
  /** The account has passkeys, and asks for one of these. */
  readonly passkey?: PasskeyDemandFields;
}

export interface PasskeyDemandFields {
  readonly rpId: string;
  readonly credentialIds: readonly Base64Url[];
}

/** What a companion's browser is asked: `navigator.credentials.get` with these, the person verified. */
export interface PasskeyRequest extends PasskeyDemandFields {
  /** 32 bytes that belong to this attempt alone. */
  readonly challenge: Base64Url;
}

/** What the browser's authenticator answered, byte by byte as it came. */
export interface PasskeyAnswer {
  readonly credentialId: Base64Url;
  readonly clientDataJson: Base64Url;
  readonly authenticatorData: Base64Url;
  readonly signature: Base64Url;
}

/** The passkeys of the phone's account, for its own origin. */
export interface AccountPasskeys {
  readonly rpId: string;
  /** Devices are linked only with one of them. */
  readonly required: boolean;
  /** `publicKey`: an uncompressed P-256 point. */
  readonly credentials: readonly { readonly credentialId: Base64Url; readonly publicKey: Base64Url }[];
}

/** What a device is to become: a companion, or the account's next phone. */
export type NewDeviceKind = "companion" | "phone";

export interface RequestFields {
  readonly kind: NewDeviceKind;
  readonly signingKey: Base64Url;
  readonly dhKey: Base64Url;
  readonly deviceName: string;
  readonly platform: string;
  readonly origin: string;
  /** It was asked for a passkey, and an answer will come in slot 3. */
  readonly answersPasskey: boolean;
}

export interface SignedListFields {
  readonly payload: Base64Url;
  readonly signature: Base64Url;
}

/** What the phone hands over, and the companion stores in one transaction. */
export interface ApprovalFields {
  readonly device: number;
  /** The whole chain, ascending; the last entry certifies the new device. */
  readonly lists: readonly SignedListFields[];
  readonly stateKey: Base64Url;
  readonly handle: string;
  readonly displayName: string;
  readonly phoneDevice: number;
  /** The companion goes on as the device that it was before it lost its store: with these secrets, under an entry that is there already. */
  readonly restored?: NewDeviceSecrets;
  /** Only for a new phone. */
  readonly accountSeed?: Base64Url;
  /** What opens the account's archive; opaque here. */
  readonly archive?: Base64Url;
}

export type RejectionName =
  | "DECLINED"
  | "DEVICE_LIMIT"
  | "LIST_CHAIN_FULL"
  | "ORIGIN_MISMATCH"
  | "TIMEOUT"
  | "VERSION"
  | PasskeyFailure
  | "UNSPECIFIED";
export type PasskeyFailure = "PASSKEY_OTHER_ORIGIN" | "PASSKEY_INVALID" | "PASSKEY_REQUIRED";

export type DecisionFields =
  | { readonly kind: "approval"; readonly approval: ApprovalFields }
  | { readonly kind: "rejection"; readonly reason: RejectionName };

export type LinkJob =
  | CourierJob
  /** Companion: the public key that belongs to a code's fresh secret key. */
  | { readonly kind: "make-code"; readonly ephemeralSecret: Base64Url }
  /** Companion: open the channel and the LinkOffer; make, prove and seal the LinkRequest (slot 0). */
  | {
      readonly kind: "answer-offer";
      readonly channel: CompanionChannel;
      readonly secrets: NewDeviceSecrets;
      readonly as: NewDeviceKind;
      readonly deviceName: string;
      readonly platform: string;
      readonly origin: string;
      /** This platform can be asked for a passkey. */
      readonly passkeys: boolean;
    }
  /**
   * Companion: open LinkDecision (phone slot 1). An approval is only given out when the chain verifies for the offer's
   * account and its last entry holds exactly this device's two keys under `device`, with this attempt id, as what was asked for; or
   * the keys of the secrets that are given back, as a companion.
   */
  | {
      readonly kind: "open-decision";
      readonly channel: CompanionChannel;
      readonly secrets: NewDeviceSecrets;
      readonly as: NewDeviceKind;
      readonly attemptId: Base64Url;
      readonly accountId: Base64Url;
      readonly decisionEnvelope: Base64Url;
    }
  /** Companion: seal LinkActive (slot 1). */
  | { readonly kind: "seal-active"; readonly channel: CompanionChannel; readonly attemptId: Base64Url; readonly device: number }
  /** Companion: seal LinkPasskey (slot 3); without an answer it says that there is none. */
  | {
      readonly kind: "seal-passkey";
      readonly channel: CompanionChannel;
      readonly attemptId: Base64Url;
      readonly answer: PasskeyAnswer | undefined;
    }
  /** Phone: open LinkPasskey, and check what it holds for this channel, this request and this origin. */
  | {
      readonly kind: "open-passkey";
      readonly channel: PhoneChannel;
      readonly attemptId: Base64Url;
      readonly origin: string;
      readonly passkeys: AccountPasskeys;
      readonly requestEnvelope: Base64Url;
      readonly passkeyEnvelope: Base64Url;
    }
  /** Phone: open the channel to the code's key and seal LinkOffer (slot 0). */
  | { readonly kind: "make-offer"; readonly channel: PhoneChannel; readonly offer: OfferFields }
  /** Phone: open LinkRequest (companion slot 0), check attempt id and proof. */
  | { readonly kind: "open-request"; readonly channel: PhoneChannel; readonly attemptId: Base64Url; readonly requestEnvelope: Base64Url }
  /** Phone: seal LinkDecision (slot 1). */
  | { readonly kind: "seal-decision"; readonly channel: PhoneChannel; readonly attemptId: Base64Url; readonly decision: DecisionFields }
  /** Either side: seal its LinkEnd (slot 2). */
  | { readonly kind: "seal-end"; readonly channel: AnyChannel; readonly attemptId: Base64Url; readonly error: LinkErrorName }
  /** Either side: open the other's LinkEnd. */
  | { readonly kind: "open-end"; readonly channel: AnyChannel; readonly attemptId: Base64Url; readonly endEnvelope: Base64Url }
  /** Phone: open LinkActive (companion slot 1), check attempt id and device. */
  | {
      readonly kind: "open-active";
      readonly channel: PhoneChannel;
      readonly attemptId: Base64Url;
      readonly device: number;
      readonly activeEnvelope: Base64Url;
    };

export type LinkJobResult =
  | CourierJobResult
  | { readonly kind: "make-code"; readonly publicKey: Base64Url }
  | {
      readonly kind: "answer-offer";
      readonly offer: OfferFields;
      readonly requestEnvelope: Base64Url;
      readonly matchCode: string;
      readonly passkey?: PasskeyRequest;
    }
  | { readonly kind: "seal-passkey"; readonly passkeyEnvelope: Base64Url }
  | { readonly kind: "open-passkey"; readonly outcome: "verified" | "none" | "other-origin" | "invalid" }
  | { readonly kind: "open-decision"; readonly decision: DecisionFields }
  | { readonly kind: "seal-active"; readonly activeEnvelope: Base64Url }
  | { readonly kind: "make-offer"; readonly offerEnvelope: Base64Url }
  | { readonly kind: "open-request"; readonly request: RequestFields; readonly matchCode: string }
  | { readonly kind: "seal-decision"; readonly decisionEnvelope: Base64Url }
  | { readonly kind: "open-active" }
  | { readonly kind: "seal-end"; readonly endEnvelope: Base64Url }
  | { readonly kind: "open-end"; readonly error: LinkErrorName }
  | { readonly kind: "failed"; readonly error: Extract<LinkErrorName, "CODE_MALFORMED" | "CHANNEL_TAMPERED" | "LIST_INVALID"> };
