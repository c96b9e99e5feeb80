/** Keys, sessions, lists and sealed things. Pure: time and randomness are arguments, bytes go in and out. */
export * from "./body.ts";
export * from "./pair/engine.ts";
export type { PairError } from "./pair/pair-error.ts";
export type { HandshakeKeys } from "./pair/handshake.ts";
export type { KemPreKeyPair, PreKeyBundle, PreKeyPair, SignedPreKeyPair } from "./pair/prekeys.ts";
export { type DeviceIdentity, HAWSER_PROFILE } from "./pair/profile.ts";
export * from "./pure-primitives.ts";
export * from "./account/account-id.ts";
export * from "./account/auth-challenge.ts";
export * from "./account/device-label.ts";
export { type DeviceListFault, listHashPrefix, parseDeviceList, type VerifiedDeviceList, verifyDeviceList } from "./account/device-list.ts";
export * from "./account/extend-device-list.ts";
export { type ChainOutcome, mergeDeviceLists, type MergeOutcome, verifyChain } from "./account/list-chain.ts";
export * from "./safety-number.ts";
export * from "./secret-bytes.ts";
export * from "./attachment-stream.ts";
export * from "./link/link-channel.ts";
export * from "./recovery.ts";
