/** The channels that linking's jobs open anew each time, and the envelopes of its slots. Invariant: the same job seals the same bytes. */
import { create, toBinary } from "@bufbuild/protobuf";
import { assert, type Bytes, type Primitives, toBase64Url } from "@hawser/base";
import { type LinkChannel, openLinkChannelCompanion, openLinkChannelPhone } from "@hawser/crypto";
import { LinkEnvelopeSchema, MAX_RENDEZVOUS_BODY_BYTES } from "@hawser/wire";
import type { Base64Url, CompanionChannel, PhoneChannel } from "./link-jobs.ts";
import { own, parseSlot } from "./slot-bytes.ts";

const NOTHING = new Uint8Array(0);

export async function phoneChannel(
  primitives: Primitives,
  from: PhoneChannel,
): Promise<{ readonly encapsulatedKey: Bytes; readonly channel: LinkChannel } | undefined> {
  const opened = await openLinkChannelPhone(primitives, {
    code: { rendezvousId: own(from.rendezvousId), secret: own(from.secret) },
    companionPublicKey: own(from.companionPublicKey),
    random: { bytes: () => own(from.entropy) },
  });
  return opened.ok ? opened.value : undefined;
}

export async function companionChannel(primitives: Primitives, from: CompanionChannel): Promise<LinkChannel | undefined> {
  const encapsulatedKey = parseSlot(LinkEnvelopeSchema, from.offerEnvelope)?.encapsulatedKey;
  if (encapsulatedKey?.length !== 32) return undefined;
  const opened = await openLinkChannelCompanion(primitives, {
    code: { rendezvousId: own(from.rendezvousId), secret: own(from.secret) },
    keys: { secretKey: own(from.ephemeralSecret), publicKey: own(from.ephemeralPublicKey) },
    encapsulatedKey,
  });
  return opened.ok ? opened.value : undefined;
}

/** Seals `slot` on a fresh channel. The bytes for the slots before it are thrown away: they went out long ago. */
export async function sealAt(channel: LinkChannel, slot: number, plaintext: Bytes): Promise<Bytes> {
  for (let before = 0; before < slot; before++) await channel.seal(before, NOTHING);
  return channel.seal(slot, plaintext);
}

export async function openEnvelope(channel: LinkChannel | undefined, slot: number, body: Base64Url): Promise<Bytes | undefined> {
  const parsed = parseSlot(LinkEnvelopeSchema, body);
  return parsed === undefined || channel === undefined ? undefined : channel.open(slot, parsed.ciphertext);
}

export const envelope = (ciphertext: Bytes, encapsulatedKey: Bytes = NOTHING): Base64Url => {
  const bytes = toBinary(LinkEnvelopeSchema, create(LinkEnvelopeSchema, { ciphertext, encapsulatedKey }));
  assert(bytes.length <= MAX_RENDEZVOUS_BODY_BYTES, "a slot's body is within its bound");
  return toBase64Url(bytes);
};
