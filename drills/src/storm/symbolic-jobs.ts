/** The cryptographic jobs of a link without cryptography: a sealed thing is its content. So a hundred thousand links fit into a minute. */
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "@hawser/base";
import type { LinkJob, LinkJobResult } from "@hawser/linking";

const seal = (content: unknown): string => toBase64Url(utf8(JSON.stringify(content)));
const unseal = <T>(body: string): T => JSON.parse(fromUtf8(fromBase64Url(body)!)!) as T;
const MATCH_CODE = "123456";

export function computeSymbolically(job: LinkJob): LinkJobResult {
  switch (job.kind) {
    case "make-code":
      return { kind: "make-code", publicKey: job.ephemeralSecret };
    case "make-offer":
      return { kind: "make-offer", offerEnvelope: seal(job.offer) };
    case "answer-offer": {
      const { secrets, as, deviceName, platform, origin } = job;
      const request = { kind: as, signingKey: secrets.signingSeed, dhKey: secrets.dhSecret, deviceName, platform, origin };
      return { kind: "answer-offer", offer: unseal(job.channel.offerEnvelope), requestEnvelope: seal(request), matchCode: MATCH_CODE };
    }
    case "open-request":
      return { kind: "open-request", request: unseal(job.requestEnvelope), matchCode: MATCH_CODE };
    case "seal-decision":
      return { kind: "seal-decision", decisionEnvelope: seal(job.decision) };
    case "open-decision":
      return { kind: "open-decision", decision: unseal(job.decisionEnvelope) };
    case "seal-active":
      return { kind: "seal-active", activeEnvelope: seal(job.device) };
    case "open-active":
      return { kind: "open-active" };
    default:
      return { kind: "failed", error: "CODE_MALFORMED" };
  }
}
