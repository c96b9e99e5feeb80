/** The cryptographic work of the couriers, as plain data; `run-courier-job.ts` carries it out. The same job gives the same result. */
import type { LinkCodeParts } from "./link-code.ts";
import type { Base64Url } from "./link-jobs.ts";
import type { LinkErrorName } from "./link-status.ts";

/** What one side of a typed code's courier knows; `entropy` is its own 64 bytes. */
export interface TypedSideFields {
  readonly rendezvousId: Base64Url;
  readonly password: string;
  readonly origin: string;
  readonly entropy: Base64Url;
}

export type CourierJob =
  /** Both: where the two meet. */
  | { readonly kind: "courier-locate"; readonly nameplate: string }
  /** Companion: where, and the share it leaves there (slot 0). */
  | {
      readonly kind: "courier-share";
      readonly nameplate: string;
      readonly password: string;
      readonly origin: string;
      readonly entropy: Base64Url;
    }
  /** Phone: its share and confirmation (slot 0). */
  | { readonly kind: "courier-answer"; readonly side: TypedSideFields; readonly shareEnvelope: Base64Url }
  /** Companion: the reply (slot 1), which holds the parts only for a phone that knew the password. */
  | { readonly kind: "courier-check"; readonly side: TypedSideFields; readonly answerEnvelope: Base64Url; readonly parts: LinkCodeParts }
  /** Phone: the parts out of the reply. */
  | {
      readonly kind: "courier-open";
      readonly side: TypedSideFields;
      readonly shareEnvelope: Base64Url;
      readonly replyEnvelope: Base64Url;
    }
  /** Companion: the parts for the phone whose code it read; `entropy` is 32 bytes. */
  | { readonly kind: "reverse-seal"; readonly code: LinkCodeParts; readonly entropy: Base64Url; readonly parts: LinkCodeParts }
  /** Phone: the parts for the code it shows. */
  | {
      readonly kind: "reverse-open";
      readonly rendezvousId: Base64Url;
      readonly secret: Base64Url;
      readonly ephemeralSecret: Base64Url;
      readonly ephemeralPublicKey: Base64Url;
      readonly replyEnvelope: Base64Url;
    };

export type CourierJobResult =
  | { readonly kind: "courier-locate"; readonly rendezvousId: Base64Url }
  | { readonly kind: "courier-share"; readonly rendezvousId: Base64Url; readonly shareEnvelope: Base64Url }
  | { readonly kind: "courier-answer"; readonly answerEnvelope: Base64Url }
  | { readonly kind: "courier-check"; readonly right: boolean; readonly replyEnvelope: Base64Url }
  | { readonly kind: "courier-open"; readonly parts: LinkCodeParts }
  | { readonly kind: "reverse-seal"; readonly replyEnvelope: Base64Url }
  | { readonly kind: "reverse-open"; readonly parts: LinkCodeParts }
  | { readonly kind: "courier-failed"; readonly error: Extract<LinkErrorName, "CODE_WRONG" | "CODE_MALFORMED" | "CHANNEL_TAMPERED"> };
