/** Slot 3 of the companion: what its authenticator said to the phone's question, or that there is none. docs/PROTOCOL.md, "Passkeys". */
import { create, toBinary } from "@bufbuild/protobuf";
import { equalBytes, type Primitives, toBase64Url, utf8, type VerifyP256 } from "@hawser/base";
import { isCredentialId, passkeyChallenge, verifyPasskeyAssertion } from "@hawser/crypto";
import { LinkPasskeySchema, MAX_PASSKEYS, MAX_SHORT_TEXT_BYTES, type PasskeyDemand } from "@hawser/wire";
import { companionChannel, envelope, openEnvelope, phoneChannel, sealAt } from "./job-channels.ts";
import type { LinkJob, LinkJobResult, PasskeyDemandFields } from "./link-jobs.ts";
import { own, parseBytes, PASSKEY_SLOT } from "./slot-bytes.ts";

type JobOf<Kind extends LinkJob["kind"]> = Extract<LinkJob, { kind: Kind }>;

/** `undefined` for a question that no authenticator could be asked. */
export function passkeyDemand({ rpId, credentialIds }: PasskeyDemand): PasskeyDemandFields | undefined {
  const isWhole = credentialIds.length > 0 && credentialIds.length <= MAX_PASSKEYS && credentialIds.every(isCredentialId);
  if (!isWhole || rpId === "" || utf8(rpId).length > MAX_SHORT_TEXT_BYTES) return undefined;
  return { rpId, credentialIds: credentialIds.map(toBase64Url) };
}

export async function sealPasskey(primitives: Primitives, job: JobOf<"seal-passkey">): Promise<LinkJobResult | undefined> {
  const channel = await companionChannel(primitives, job.channel);
  if (channel === undefined) return undefined;
  const { answer } = job;
  const assertion =
    answer === undefined
      ? {}
      : {
          assertion: {
            credentialId: own(answer.credentialId),
            clientDataJson: own(answer.clientDataJson),
            authenticatorData: own(answer.authenticatorData),
            signature: own(answer.signature),
          },
        };
  const word = toBinary(LinkPasskeySchema, create(LinkPasskeySchema, { attemptId: own(job.attemptId), ...assertion }));
  return { kind: "seal-passkey", passkeyEnvelope: envelope(await sealAt(channel, PASSKEY_SLOT, word)) };
}

export async function openPasskey(
  primitives: Primitives,
  job: JobOf<"open-passkey">,
  verifyP256: VerifyP256 | undefined,
): Promise<LinkJobResult | undefined> {
  const phone = await phoneChannel(primitives, job.channel);
  const request = await openEnvelope(phone?.channel, 0, job.requestEnvelope);
  const word = parseBytes(LinkPasskeySchema, await openEnvelope(phone?.channel, PASSKEY_SLOT, job.passkeyEnvelope));
  if (phone === undefined || request === undefined || word === undefined || !equalBytes(word.attemptId, own(job.attemptId)))
    return undefined;
  if (word.assertion === undefined || verifyP256 === undefined) return { kind: "open-passkey", outcome: "none" };
  const { rpId, credentials } = job.passkeys;
  const expected = {
    credentials: credentials.map(({ credentialId, publicKey }) => ({ credentialId: own(credentialId), publicKey: own(publicKey) })),
    origin: job.origin,
    rpId,
    challenge: passkeyChallenge(primitives, phone.channel.channelBinding, request),
  };
  const verdict = await verifyPasskeyAssertion({ primitives, verifyP256 }, expected, word.assertion);
  if (verdict.ok) return { kind: "open-passkey", outcome: "verified" };
  return { kind: "open-passkey", outcome: verdict.error.kind === "other-origin" ? "other-origin" : "invalid" };
}
