/** The phone's screen and needs, as functions of its state. */
import { LINK_END_SLOT } from "@hawser/crypto";
import { attemptIdOf } from "./companion-view.ts";
import type { PhoneEffect } from "./link-effects.ts";
import type { Needs } from "./link-machine.ts";
import { errorShown, groupDigits, type LinkStage, type LinkStatus } from "./link-status.ts";
import { ACTIVITY_POLL_MS, type PhoneKind, type PhoneState } from "./phone-state.ts";

const STAGES: Readonly<Record<PhoneKind, LinkStage>> = {
  idle: "preparing",
  opening: "preparing",
  offering: "scanned",
  reading: "scanned",
  comparing: "comparing",
  signing: "approving",
  sealing: "approving",
  "handing-over": "approving",
  "awaiting-activation": "activating",
  confirming: "activating",
  "checking-activity": "activating",
  "hearing-end": "activating",
  // For the person it has failed; cleaning up goes on behind.
  undoing: "failed",
  "sealing-rejection": "failed",
  rejecting: "failed",
  ending: "failed",
  active: "active",
  failed: "failed",
};

export function phoneStatus(state: PhoneState): LinkStatus {
  const { request } = state;
  return {
    stage: STAGES[state.kind],
    attempt: attemptIdOf(state.offer?.attemptId),
    uri: undefined,
    typedCode: undefined,
    deadlineMs: state.deadlineMs === 0 || STAGES[state.kind] === "failed" ? undefined : state.deadlineMs,
    matchCode: state.matchCode === undefined ? undefined : groupDigits(state.matchCode),
    peer:
      request === undefined
        ? undefined
        : { name: request.deviceName, platform: request.platform, origin: request.origin, kind: request.kind },
    error: errorShown(state.error, state.retryAtMs, state.toldByOther),
    queue: state.turn === undefined ? undefined : { place: state.turn.place, estimateMs: state.turn.estimateMs },
    passkeyCheck: state.passkeyCheck === undefined ? undefined : { state: state.passkeyCheck, required: state.passkeys?.required ?? false },
    ...(state.kind === "comparing" && state.full && request?.kind === "companion" ? { needsRemoval: true } : {}),
    failuresInARow: state.failuresInARow,
  };
}

/** What each state asks of the world; see `Needs`. */
export function phoneNeeds(state: PhoneState): Needs<PhoneEffect<PhoneState>> {
  const { channel, offer, request, approval } = state;
  if (channel === undefined || offer === undefined) return {};
  const { rendezvousId } = channel;
  const { attemptId } = offer;
  const watchFrom = (fromIndex: number) => [{ rendezvousId, side: "companion" as const, fromIndex }];
  const put = (index: number, body: string) => ({ rendezvousId, side: "phone" as const, index, body, writerToken: state.writerToken });
  switch (state.kind) {
    case "opening":
      return { job: { kind: "make-offer", channel, offer } };
    case "offering":
      if (state.offerEnvelope === undefined) return {};
      // Only then: who came too late is told that, and does not take the answer to another for a broken one.
      return state.offered ? { watch: watchFrom(0) } : { put: put(0, state.offerEnvelope) };
    case "reading":
      if (state.requestEnvelope === undefined) return {};
      return { job: { kind: "open-request", channel, attemptId, requestEnvelope: state.requestEnvelope } };
    case "signing": {
      if (request === undefined) return {};
      const { signingKey, dhKey, kind } = request;
      const { deviceName, restore, remove } = state;
      return { ask: (effectId) => ({ type: "sign-list", effectId, attemptId, signingKey, dhKey, kind, deviceName, restore, remove }) };
    }
    case "sealing":
    case "sealing-rejection":
      if (state.decision === undefined) return {};
      return { job: { kind: "seal-decision", channel, attemptId, decision: state.decision } };
    case "handing-over":
    case "rejecting":
      if (state.decisionEnvelope === undefined) return {};
      return { watch: state.kind === "handing-over" ? watchFrom(1) : [], put: put(1, state.decisionEnvelope) };
    case "awaiting-activation":
      return { watch: watchFrom(1), pollMs: ACTIVITY_POLL_MS };
    case "confirming":
      if (approval === undefined || state.activeEnvelope === undefined) return {};
      return { job: { kind: "open-active", channel, attemptId, device: approval.device, activeEnvelope: state.activeEnvelope } };
    case "checking-activity":
      if (approval === undefined) return {};
      return { watch: watchFrom(1), ask: (effectId) => ({ type: "check-activity", effectId, device: approval.device }) };
    case "hearing-end":
      if (state.endEnvelope === undefined) return {};
      return { job: { kind: "open-end", channel, attemptId, endEnvelope: state.endEnvelope } };
    case "ending":
      if (state.error === undefined) return {};
      return state.endEnvelope === undefined
        ? { job: { kind: "seal-end", channel, attemptId, error: state.error } }
        : { put: put(LINK_END_SLOT, state.endEnvelope) };
    // The companion's passkey can come here, or its end.
    case "comparing": {
      const { passkeys, passkeyCheck, requestEnvelope, passkeyEnvelope } = state;
      if (passkeys === undefined || passkeyCheck !== "awaited" || requestEnvelope === undefined || passkeyEnvelope === undefined)
        return { watch: watchFrom(1) };
      const { origin } = offer;
      return { watch: watchFrom(1), job: { kind: "open-passkey", channel, attemptId, origin, passkeys, requestEnvelope, passkeyEnvelope } };
    }
    case "undoing":
      return { ask: (effectId) => ({ type: "undo-list", effectId, attemptId }) };
    case "idle":
    case "active":
    case "failed":
      return {};
  }
}
