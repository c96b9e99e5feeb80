/** The public API of Hawser for Node and browsers. Documented with running examples in docs/SDK.md. */
export type * from "@hawser/client";
export type { AccountId, AttemptId, BlobId, ConversationId, DeviceNumber, MessageId, Retry } from "@hawser/base";
export { OperationalError } from "@hawser/base";
export { PASSKEY_PRF_INPUT } from "@hawser/client/account/prf-input";
export { DORMANT_AFTER_MONTHS } from "@hawser/client/devices/dormancy";
export * from "./worker/index.ts";
