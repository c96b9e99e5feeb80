/** The companion's screen and needs, as functions of its state. */
import type { AttemptId } from "@hawser/base";
import { fromBase64Url, toHex } from "@hawser/base";
import { LINK_END_SLOT } from "@hawser/crypto";
import type { CompanionEffect } from "./link-effects.ts";
import type { CompanionKind, CompanionState } from "./companion-state.ts";
import { formatLinkCode } from "./link-code.ts";
import type { CompanionChannel } from "./link-jobs.ts";
import type { Needs } from "./link-machine.ts";
import { PASSKEY_SLOT } from "./slot-bytes.ts";
import { errorShown, groupDigits, type LinkStage, type LinkStatus } from "./link-status.ts";

const STAGES: Readonly<Record<CompanionKind, LinkStage>> = {
  idle: "preparing",
  preparing: "preparing",
  "waiting-for-scan": "waiting-for-scan",
  answering: "scanned",
  requesting: "scanned",
  comparing: "comparing",
  checking: "approving",
  "hearing-end": "approving",
  activating: "activating",
  unconfirmed: "failed",
  telling: "active",
  active: "active",
  paused: "paused",
  ending: "failed",
  failed: "failed",
};

export function attemptIdOf(attempt: string | undefined): AttemptId | undefined {
  const bytes = attempt === undefined ? undefined : fromBase64Url(attempt);
  return bytes === undefined ? undefined : (toHex(bytes) as AttemptId);
}

export function companionStatus(state: CompanionState): LinkStatus {
  const code = state.codes[0];
  const { offer } = state;
  return {
    stage: state.kind === "preparing" && code !== undefined ? "waiting-for-scan" : STAGES[state.kind],
    attempt: attemptIdOf(offer?.attemptId),
    uri: code === undefined ? undefined : formatLinkCode(state.origin, { ...code, publicKey: code.ephemeralPublicKey }),
    typedCode: undefined,
    deadlineMs: state.deadlineMs === 0 || state.kind === "ending" ? undefined : state.deadlineMs,
    matchCode: state.matchCode === undefined ? undefined : groupDigits(state.matchCode),
    peer: offer === undefined ? undefined : { name: offer.handle, platform: "phone", origin: offer.origin },
    error: errorShown(state.error, state.retryAtMs, state.toldByOther),
    queue: state.turn === undefined ? undefined : { place: state.turn.place, estimateMs: state.turn.estimateMs },
    passkeyRequest: state.passkeyRequest,
    failuresInARow: state.failuresInARow,
  };
}

/** The passkey's answer goes out while the phone's decision is awaited. */
function passkeyNeeds(state: CompanionState, channel: CompanionChannel): Needs<CompanionEffect<CompanionState>> {
  const { offer, passkeyAnswer, passkeyEnvelope, writerToken } = state;
  if (offer === undefined || passkeyAnswer === undefined || state.passkeySent) return {};
  const answer = passkeyAnswer === "none" ? undefined : passkeyAnswer;
  if (passkeyEnvelope === undefined) return { job: { kind: "seal-passkey", channel, attemptId: offer.attemptId, answer } };
  return { put: { rendezvousId: channel.rendezvousId, side: "companion", index: PASSKEY_SLOT, body: passkeyEnvelope, writerToken } };
}

/** What each state asks of the world; see `Needs`. */
export function companionNeeds(state: CompanionState): Needs<CompanionEffect<CompanionState>> {
  const { channel, secrets, offer, approval } = state;
  switch (state.kind) {
    case "preparing":
    case "waiting-for-scan": {
      const watch = state.codes.map(({ rendezvousId }) => ({ rendezvousId, side: "phone" as const, fromIndex: 0 }));
      if (state.making === undefined) return { watch };
      return { watch, job: { kind: "make-code", ephemeralSecret: state.making.ephemeralSecret } };
    }
    case "answering":
      if (channel === undefined || secrets === undefined) return {};
      return {
        job: {
          kind: "answer-offer",
          channel,
          secrets,
          as: state.as,
          deviceName: state.deviceName,
          platform: state.platform,
          origin: state.origin,
          passkeys: state.passkeys,
        },
      };
    case "requesting":
    case "comparing": {
      if (channel === undefined || state.requestEnvelope === undefined) return {};
      const { rendezvousId } = channel;
      const watch = [{ rendezvousId, side: "phone" as const, fromIndex: 1 }];
      if (state.kind === "comparing") return { watch, ...passkeyNeeds(state, channel) };
      return { watch, put: { rendezvousId, side: "companion", index: 0, body: state.requestEnvelope, writerToken: state.writerToken } };
    }
    case "checking": {
      if (channel === undefined || secrets === undefined || offer === undefined || state.decisionEnvelope === undefined) return {};
      const { attemptId, accountId } = offer;
      return {
        job: { kind: "open-decision", channel, secrets, as: state.as, attemptId, accountId, decisionEnvelope: state.decisionEnvelope },
      };
    }
    case "hearing-end":
      if (channel === undefined || offer === undefined || state.endEnvelope === undefined) return {};
      return { job: { kind: "open-end", channel, attemptId: offer.attemptId, endEnvelope: state.endEnvelope } };
    case "activating":
    case "unconfirmed":
      if (offer === undefined || secrets === undefined || approval === undefined) return {};
      return { ask: () => ({ type: "activate", accountId: offer.accountId, secrets, approval }) };
    case "telling": {
      if (channel === undefined || offer === undefined || approval === undefined) return {};
      if (state.activeEnvelope === undefined)
        return { job: { kind: "seal-active", channel, attemptId: offer.attemptId, device: approval.device } };
      return {
        put: {
          rendezvousId: channel.rendezvousId,
          side: "companion",
          index: 1,
          body: state.activeEnvelope,
          writerToken: state.writerToken,
        },
      };
    }
    case "ending": {
      if (channel === undefined || offer === undefined || state.error === undefined) return {};
      if (state.endEnvelope === undefined) return { job: { kind: "seal-end", channel, attemptId: offer.attemptId, error: state.error } };
      const { writerToken } = state;
      return { put: { rendezvousId: channel.rendezvousId, side: "companion", index: LINK_END_SLOT, body: state.endEnvelope, writerToken } };
    }
    case "idle":
    case "active":
    case "paused":
    case "failed":
      return {};
  }
}
