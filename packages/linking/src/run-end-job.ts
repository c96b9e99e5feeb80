/** Slot 2 of either side: that its writer has given the attempt up. `undefined` for whatever is no end of this attempt. */
import { create, toBinary } from "@bufbuild/protobuf";
import { equalBytes, type Primitives } from "@hawser/base";
import type { LinkChannel } from "@hawser/crypto";
import { LinkEndSchema, LinkEnvelopeSchema } from "@hawser/wire";
import { companionChannel, envelope, phoneChannel } from "./job-channels.ts";
import type { AnyChannel, LinkJob, LinkJobResult } from "./link-jobs.ts";
import { readErrorName } from "./link-status.ts";
import { own, parseBytes, parseSlot } from "./slot-bytes.ts";

type JobOf<Kind extends LinkJob["kind"]> = Extract<LinkJob, { kind: Kind }>;

export async function sealEnd(primitives: Primitives, job: JobOf<"seal-end">): Promise<LinkJobResult | undefined> {
  const end = toBinary(LinkEndSchema, create(LinkEndSchema, { attemptId: own(job.attemptId), error: job.error }));
  const ciphertext = (await open(primitives, job.channel))?.sealEnd(end);
  return ciphertext === undefined ? undefined : { kind: "seal-end", endEnvelope: envelope(ciphertext) };
}

export async function openEnd(primitives: Primitives, job: JobOf<"open-end">): Promise<LinkJobResult | undefined> {
  const channel = await open(primitives, job.channel);
  const ciphertext = parseSlot(LinkEnvelopeSchema, job.endEnvelope)?.ciphertext;
  const end = ciphertext === undefined ? undefined : parseBytes(LinkEndSchema, channel?.openEnd(ciphertext));
  if (end === undefined || !equalBytes(end.attemptId, own(job.attemptId))) return undefined;
  return { kind: "open-end", error: readErrorName(end.error) };
}

const open = async (primitives: Primitives, channel: AnyChannel): Promise<LinkChannel | undefined> =>
  "entropy" in channel ? (await phoneChannel(primitives, channel))?.channel : companionChannel(primitives, channel);
