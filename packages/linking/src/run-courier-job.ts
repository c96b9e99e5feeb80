/**
 * Carries out the couriers' jobs over `@hawser/crypto`. Invariant: whatever is wrong with bytes from the other side is a
 * result, never a throw; parts are given out only in the sizes that a code has.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { type Bytes, type Primitives, toBase64Url } from "@hawser/base";
import { answerTyped, openReverse, openTyped, sealReverse, sealTyped, typedRendezvousId, typedShare } from "@hawser/crypto";
import { CourierAnswerSchema, CourierReplySchema, CourierShareSchema, LinkCodePartsSchema, LinkEnvelopeSchema } from "@hawser/wire";
import type { CourierJob, CourierJobResult, TypedSideFields } from "./courier-jobs.ts";
import { LINK_PUBLIC_KEY_SIZE_BYTES, LINK_SECRET_SIZE_BYTES, type LinkCodeParts, RENDEZVOUS_ID_SIZE_BYTES } from "./link-code.ts";
import { own, parseSlot } from "./slot-bytes.ts";

const WRONG: CourierJobResult = { kind: "courier-failed", error: "CODE_WRONG" };
const TAMPERED: CourierJobResult = { kind: "courier-failed", error: "CHANNEL_TAMPERED" };

type JobOf<Kind extends CourierJob["kind"]> = Extract<CourierJob, { kind: Kind }>;

export async function runCourierJob(primitives: Primitives, job: CourierJob): Promise<CourierJobResult> {
  switch (job.kind) {
    case "courier-locate":
      return { kind: "courier-locate", rendezvousId: toBase64Url(typedRendezvousId(primitives, job.nameplate)) };
    case "courier-share": {
      const { password, origin, entropy } = job;
      const rendezvousId = toBase64Url(typedRendezvousId(primitives, job.nameplate));
      const share = typedShare(sideOf({ rendezvousId, password, origin, entropy }));
      return {
        kind: "courier-share",
        rendezvousId,
        shareEnvelope: slot(toBinary(CourierShareSchema, create(CourierShareSchema, { share }))),
      };
    }
    case "courier-answer": {
      const share = parseSlot(CourierShareSchema, job.shareEnvelope)?.share;
      const answer = share === undefined ? undefined : answerTyped(sideOf(job.side), share);
      if (answer === undefined) return TAMPERED;
      return { kind: "courier-answer", answerEnvelope: slot(toBinary(CourierAnswerSchema, create(CourierAnswerSchema, answer))) };
    }
    case "courier-check":
      return checkAnswer(primitives, job);
    case "courier-open":
      return openReply(primitives, job);
    case "reverse-seal": {
      const { rendezvousId, secret, publicKey } = job.code;
      const code = { rendezvousId: own(rendezvousId), secret: own(secret) };
      const sealed = await sealReverse(code, own(publicKey), own(job.entropy), partsBytes(job.parts));
      if (sealed === undefined) return { kind: "courier-failed", error: "CODE_MALFORMED" };
      return { kind: "reverse-seal", replyEnvelope: slot(toBinary(LinkEnvelopeSchema, create(LinkEnvelopeSchema, sealed))) };
    }
    case "reverse-open": {
      const { rendezvousId, secret, ephemeralSecret, ephemeralPublicKey } = job;
      const envelope = parseSlot(LinkEnvelopeSchema, job.replyEnvelope);
      if (envelope === undefined) return TAMPERED;
      const code = { rendezvousId: own(rendezvousId), secret: own(secret) };
      const keys = { secretKey: own(ephemeralSecret), publicKey: own(ephemeralPublicKey) };
      const parts = partsOf(await openReverse(code, keys, envelope.encapsulatedKey, envelope.ciphertext));
      return parts === undefined ? TAMPERED : { kind: "reverse-open", parts };
    }
  }
}

function checkAnswer(primitives: Primitives, job: JobOf<"courier-check">): CourierJobResult {
  const answer = parseSlot(CourierAnswerSchema, job.answerEnvelope);
  const sealedParts = answer === undefined ? undefined : sealTyped(primitives, sideOf(job.side), answer, partsBytes(job.parts));
  const reply = create(CourierReplySchema, {
    reply: sealedParts === undefined ? { case: "refusal", value: {} } : { case: "sealedParts", value: sealedParts },
  });
  return { kind: "courier-check", right: sealedParts !== undefined, replyEnvelope: slot(toBinary(CourierReplySchema, reply)) };
}

function openReply(primitives: Primitives, job: JobOf<"courier-open">): CourierJobResult {
  const share = parseSlot(CourierShareSchema, job.shareEnvelope)?.share;
  const reply = parseSlot(CourierReplySchema, job.replyEnvelope)?.reply;
  if (reply?.case === "refusal") return WRONG;
  if (share === undefined || reply?.case !== "sealedParts") return TAMPERED;
  const parts = partsOf(openTyped(primitives, sideOf(job.side), share, reply.value));
  return parts === undefined ? TAMPERED : { kind: "courier-open", parts };
}

const sideOf = ({ rendezvousId, password, origin, entropy }: TypedSideFields) => ({
  rendezvousId: own(rendezvousId),
  password,
  origin,
  entropy: own(entropy),
});

const partsBytes = ({ rendezvousId, secret, publicKey }: LinkCodeParts): Bytes =>
  toBinary(
    LinkCodePartsSchema,
    create(LinkCodePartsSchema, { rendezvousId: own(rendezvousId), secret: own(secret), publicKey: own(publicKey) }),
  );

function partsOf(plaintext: Bytes | undefined): LinkCodeParts | undefined {
  const parts = plaintext === undefined ? undefined : parseSlot(LinkCodePartsSchema, toBase64Url(plaintext));
  if (
    parts?.rendezvousId.length !== RENDEZVOUS_ID_SIZE_BYTES ||
    parts.secret.length !== LINK_SECRET_SIZE_BYTES ||
    parts.publicKey.length !== LINK_PUBLIC_KEY_SIZE_BYTES
  )
    return undefined;
  const { rendezvousId, secret, publicKey } = parts;
  return { rendezvousId: toBase64Url(rendezvousId), secret: toBase64Url(secret), publicKey: toBase64Url(publicKey) };
}

const slot = (bytes: Bytes): string => toBase64Url(bytes);
