/**
 * Carries out linking's cryptographic jobs over `@hawser/crypto`. A job holds everything it needs, so channels are opened
 * anew each time: slots before the wanted one are passed over without their bytes leaving this function. Invariant: the same
 * job gives the same result, and whatever is wrong with bytes from the other side is a `failed` result, never a throw.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AccountId,
  accountIdFromBytes,
  type Bytes,
  concat,
  equalBytes,
  type Primitives,
  toBase64Url,
  utf8,
  type VerifyP256,
} from "@hawser/base";
import { passkeyChallenge, verifyChain, type VerifiedDeviceList, verifyDeviceList } from "@hawser/crypto";
import {
  DeviceKind,
  LinkActiveSchema,
  type LinkApproval,
  LinkDecisionSchema,
  LinkOfferSchema,
  LinkRejectionReason,
  LinkRequestSchema,
  MAX_SHORT_TEXT_BYTES,
  type RestoredDevice,
  RestoredDeviceSchema,
} from "@hawser/wire";
import type {
  ApprovalFields,
  Base64Url,
  DecisionFields,
  LinkJob,
  LinkJobResult,
  NewDeviceKind,
  NewDeviceSecrets,
  RejectionName,
} from "./link-jobs.ts";
import { companionChannel, envelope, openEnvelope, phoneChannel, sealAt } from "./job-channels.ts";
import { runCourierJob } from "./run-courier-job.ts";
import { openEnd, sealEnd } from "./run-end-job.ts";
import { openPasskey, passkeyDemand, sealPasskey } from "./run-passkey-job.ts";
import { own, parseBytes } from "./slot-bytes.ts";

const PROOF_LABEL = utf8("hawser link request v1\0");
const TAMPERED: LinkJobResult = { kind: "failed", error: "CHANNEL_TAMPERED" };
const UNVERIFIED: LinkJobResult = { kind: "failed", error: "LIST_INVALID" };

type JobOf<Kind extends LinkJob["kind"]> = Extract<LinkJob, { kind: Kind }>;

/** `verifyP256` is the platform's; without one no passkey counts as shown. */
export async function runLinkJob(primitives: Primitives, job: LinkJob, verifyP256?: VerifyP256): Promise<LinkJobResult> {
  switch (job.kind) {
    case "make-code":
      return { kind: "make-code", publicKey: toBase64Url(primitives.x25519PublicKey(own(job.ephemeralSecret))) };
    case "answer-offer":
      return answerOffer(primitives, job);
    case "open-decision":
      return openDecision(primitives, job);
    case "seal-active": {
      const channel = await companionChannel(primitives, job.channel);
      if (channel === undefined) return TAMPERED;
      const active = toBinary(LinkActiveSchema, create(LinkActiveSchema, { attemptId: own(job.attemptId), device: job.device }));
      return { kind: "seal-active", activeEnvelope: envelope(await sealAt(channel, 1, active)) };
    }
    case "seal-end":
      return (await sealEnd(primitives, job)) ?? TAMPERED;
    case "open-end":
      return (await openEnd(primitives, job)) ?? TAMPERED;
    case "seal-passkey":
      return (await sealPasskey(primitives, job)) ?? TAMPERED;
    case "open-passkey":
      return (await openPasskey(primitives, job, verifyP256)) ?? TAMPERED;
    case "make-offer":
      return makeOffer(primitives, job);
    case "open-request":
      return openRequest(primitives, job);
    case "seal-decision": {
      const phone = await phoneChannel(primitives, job.channel);
      if (phone === undefined) return TAMPERED;
      return { kind: "seal-decision", decisionEnvelope: envelope(await sealAt(phone.channel, 1, decisionBytes(job))) };
    }
    case "open-active": {
      const phone = await phoneChannel(primitives, job.channel);
      const active = parseBytes(LinkActiveSchema, await openEnvelope(phone?.channel, 1, job.activeEnvelope));
      const fits = active !== undefined && equalBytes(active.attemptId, own(job.attemptId)) && active.device === job.device;
      return fits ? { kind: "open-active" } : TAMPERED;
    }
    default:
      return runCourierJob(primitives, job);
  }
}

async function makeOffer(primitives: Primitives, job: JobOf<"make-offer">): Promise<LinkJobResult> {
  const phone = await phoneChannel(primitives, job.channel);
  if (phone === undefined) return { kind: "failed", error: "CODE_MALFORMED" };
  const { attemptId, accountId, passkey, ...rest } = job.offer;
  const demand = passkey === undefined ? {} : { passkey: { rpId: passkey.rpId, credentialIds: passkey.credentialIds.map(own) } };
  const fields = { ...rest, ...demand, attemptId: own(attemptId), accountId: own(accountId) };
  const offer = toBinary(LinkOfferSchema, create(LinkOfferSchema, fields));
  return { kind: "make-offer", offerEnvelope: envelope(await phone.channel.seal(0, offer), phone.encapsulatedKey) };
}

async function answerOffer(primitives: Primitives, job: JobOf<"answer-offer">): Promise<LinkJobResult> {
  const channel = await companionChannel(primitives, job.channel);
  const offer = parseBytes(LinkOfferSchema, await openEnvelope(channel, 0, job.channel.offerEnvelope));
  if (channel === undefined || offer === undefined || offer.attemptId.length !== 16 || offer.accountId.length !== 20) return TAMPERED;
  if (tooLong(offer.handle) || tooLong(offer.origin)) return TAMPERED;
  const { signingKey, dhKey } = publicKeys(primitives, job.secrets);
  const proof = primitives.ed25519Sign(own(job.secrets.signingSeed), concat(PROOF_LABEL, channel.channelBinding, dhKey));
  const { deviceName, platform, origin } = job;
  const { attemptId } = offer;
  const demand = offer.passkey === undefined ? undefined : passkeyDemand(offer.passkey);
  const answersPasskey = demand !== undefined && job.passkeys;
  const kind = KINDS[job.as];
  const fields = { attemptId, signingKey, dhKey, deviceName, platform, origin, proof, answersPasskey, kind };
  const request = toBinary(LinkRequestSchema, create(LinkRequestSchema, fields));
  const challenge = toBase64Url(passkeyChallenge(primitives, channel.channelBinding, request));
  return {
    kind: "answer-offer",
    offer: {
      attemptId: toBase64Url(offer.attemptId),
      accountId: toBase64Url(offer.accountId),
      handle: offer.handle,
      origin: offer.origin,
      protocolMax: offer.protocolMax,
      ...(demand === undefined ? {} : { passkey: demand }),
    },
    requestEnvelope: envelope(await channel.seal(0, request)),
    matchCode: channel.matchCode(request),
    ...(answersPasskey ? { passkey: { ...demand, challenge } } : {}),
  };
}

async function openRequest(primitives: Primitives, job: JobOf<"open-request">): Promise<LinkJobResult> {
  const phone = await phoneChannel(primitives, job.channel);
  const bytes = await openEnvelope(phone?.channel, 0, job.requestEnvelope);
  const request = parseBytes(LinkRequestSchema, bytes);
  if (phone === undefined || bytes === undefined || request === undefined) return TAMPERED;
  if (!equalBytes(request.attemptId, own(job.attemptId)) || request.signingKey.length !== 32 || request.dhKey.length !== 32)
    return TAMPERED;
  if ([request.deviceName, request.platform, request.origin].some(tooLong)) return TAMPERED;
  const statement = concat(PROOF_LABEL, phone.channel.channelBinding, request.dhKey);
  if (!primitives.ed25519Verify(request.signingKey, statement, request.proof)) return TAMPERED;
  const { deviceName, platform, origin } = request;
  return {
    kind: "open-request",
    request: {
      kind: request.kind === DeviceKind.PHONE ? "phone" : "companion",
      signingKey: toBase64Url(request.signingKey),
      dhKey: toBase64Url(request.dhKey),
      deviceName,
      platform,
      origin,
      answersPasskey: request.answersPasskey,
    },
    matchCode: phone.channel.matchCode(bytes),
  };
}

async function openDecision(primitives: Primitives, job: JobOf<"open-decision">): Promise<LinkJobResult> {
  const channel = await companionChannel(primitives, job.channel);
  // HPKE counts its messages: slot 0 is opened again to reach slot 1.
  if ((await openEnvelope(channel, 0, job.channel.offerEnvelope)) === undefined) return TAMPERED;
  const decision = parseBytes(LinkDecisionSchema, await openEnvelope(channel, 1, job.decisionEnvelope))?.decision;
  if (decision === undefined || decision.case === undefined) return TAMPERED;
  if (!equalBytes(decision.value.attemptId, own(job.attemptId))) return TAMPERED;
  if (decision.case === "rejection") {
    const name = LinkRejectionReason[decision.value.reason] as RejectionName | undefined;
    return { kind: "open-decision", decision: { kind: "rejection", reason: name ?? "UNSPECIFIED" } };
  }
  if (!certifies(primitives, decision.value, job)) return UNVERIFIED;
  return { kind: "open-decision", decision: { kind: "approval", approval: approvalFields(decision.value) } };
}

/**
 * The last of the lists, when they follow one another and each is signed by that account. A long chain has no room in an approval: then the
 * first is not list 1, and whoever stores them asks the server for those before.
 */
function verifyEnd(primitives: Primitives, lists: LinkApproval["lists"], account: AccountId): VerifiedDeviceList | undefined {
  const first = lists[0] === undefined ? undefined : verifyDeviceList(primitives, lists[0]);
  if (first?.ok !== true || first.value.account !== account) return undefined;
  const outcome = verifyChain(primitives, lists.slice(1), { pinned: first.value });
  return outcome.kind === "ok" ? outcome.latest : undefined;
}

/** Whether the lists belong to the offer's account, and the last one names exactly this device, once. */
function certifies(primitives: Primitives, approval: LinkApproval, job: JobOf<"open-decision">): boolean {
  if (approval.stateKey.length !== 32 || tooLong(approval.handle) || tooLong(approval.displayName)) return false;
  const newest = verifyEnd(primitives, approval.lists, accountIdFromBytes(own(job.accountId)));
  if (newest === undefined) return false;
  const { restoredDevice: restored, accountSeed } = approval;
  if (restored !== undefined && (restored.signingSeed.length !== 32 || restored.dhSecret.length !== 32)) return false;
  const device = newest.list.devices.find(({ number }) => number === approval.device);
  const { signingKey, dhKey } = publicKeys(primitives, restored === undefined ? job.secrets : secretsOf(restored));
  if (device === undefined || !equalBytes(device.signingKey, signingKey) || !equalBytes(device.dhKey, dhKey)) return false;
  if (device.kind !== KINDS[job.as]) return false;
  // A new phone gets the account's own key, and nobody else does.
  const { accountKey } = newest.list;
  if (job.as === "phone") {
    if (restored !== undefined || accountSeed.length !== 32 || !equalBytes(primitives.ed25519PublicKey(accountSeed), accountKey))
      return false;
  }
  return restored !== undefined || equalBytes(device.attemptId, own(job.attemptId));
}

const KINDS = { companion: DeviceKind.COMPANION, phone: DeviceKind.PHONE } as const satisfies Record<NewDeviceKind, DeviceKind>;

const secretsOf = ({ signingSeed, dhSecret }: RestoredDevice): NewDeviceSecrets => ({
  signingSeed: toBase64Url(signingSeed),
  dhSecret: toBase64Url(dhSecret),
});

const approvalFields = (approval: LinkApproval): ApprovalFields => ({
  device: approval.device,
  lists: approval.lists.map(({ payload, signature }) => ({ payload: toBase64Url(payload), signature: toBase64Url(signature) })),
  stateKey: toBase64Url(approval.stateKey),
  handle: approval.handle,
  displayName: approval.displayName,
  phoneDevice: approval.phoneDevice,
  ...(approval.restoredDevice === undefined ? {} : { restored: secretsOf(approval.restoredDevice) }),
  ...(approval.accountSeed.length === 0 ? {} : { accountSeed: toBase64Url(approval.accountSeed) }),
  ...(approval.archive.length === 0 ? {} : { archive: toBase64Url(approval.archive) }),
});

function decisionBytes({ attemptId, decision }: { readonly attemptId: Base64Url; readonly decision: DecisionFields }): Bytes {
  const id = own(attemptId);
  if (decision.kind === "rejection") {
    const reason = LinkRejectionReason[decision.reason];
    return toBinary(LinkDecisionSchema, create(LinkDecisionSchema, { decision: { case: "rejection", value: { attemptId: id, reason } } }));
  }
  const { lists, stateKey, restored, accountSeed, archive, ...rest } = decision.approval;
  const value = {
    ...rest,
    ...(restored === undefined
      ? {}
      : { restoredDevice: create(RestoredDeviceSchema, { signingSeed: own(restored.signingSeed), dhSecret: own(restored.dhSecret) }) }),
    ...(accountSeed === undefined ? {} : { accountSeed: own(accountSeed) }),
    ...(archive === undefined ? {} : { archive: own(archive) }),
    attemptId: id,
    stateKey: own(stateKey),
    lists: lists.map(({ payload, signature }) => ({ payload: own(payload), signature: own(signature) })),
  };
  return toBinary(LinkDecisionSchema, create(LinkDecisionSchema, { decision: { case: "approval", value } }));
}

const publicKeys = (primitives: Primitives, secrets: NewDeviceSecrets): { readonly signingKey: Bytes; readonly dhKey: Bytes } => ({
  signingKey: primitives.ed25519PublicKey(own(secrets.signingSeed)),
  dhKey: primitives.x25519PublicKey(own(secrets.dhSecret)),
});

const tooLong = (text: string): boolean => utf8(text).length > MAX_SHORT_TEXT_BYTES;
