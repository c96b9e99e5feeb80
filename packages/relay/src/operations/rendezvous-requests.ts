/** Requests to the rendezvous role, from connections with and without a device. Needs no other role. */
import type { Bytes } from "@hawser/base";
import {
  DoneSchema,
  MAX_RENDEZVOUS_BODY_BYTES,
  MAX_RENDEZVOUS_SLOTS,
  PushSchema,
  type RendezvousLeave,
  RendezvousMessageSchema,
  type RendezvousPut,
  RendezvousPutResultSchema,
  type RendezvousWatch,
  RendezvousWatchResultSchema,
} from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Side } from "../rendezvous/rendezvous-store.ts";
import type { RendezvousWatchers } from "../rendezvous/rendezvous-watchers.ts";
import type { AdmissionDesk } from "./admission-desk.ts";
import { type Answer, refuse, type RequestContext } from "./answer.ts";
import type { Caller } from "./operations.ts";

const ID_SIZE_BYTES = 16;
const TOKEN_SIZE_BYTES = 16;

const isSide = (side: number): side is Side => side === 1 || side === 2;
const otherSide = (side: Side): Side => (side === 1 ? 2 : 1);

/** What all rendezvous share: who watches, and who may begin. */
export interface RendezvousHall {
  readonly watchers: RendezvousWatchers<Caller>;
  readonly desk: AdmissionDesk;
}

/** Durable before the answer; those who watch are told at once. The first write of a rendezvous may have to wait for its turn. */
export function rendezvousPut(
  { roles, limits, clock }: RequestContext,
  { watchers, desk }: RendezvousHall,
  caller: Caller,
  request: RendezvousPut,
): Answer {
  const { rendezvousId, side, index, body, writerToken } = request;
  if (rendezvousId.length !== ID_SIZE_BYTES || writerToken.length !== TOKEN_SIZE_BYTES || !isSide(side) || body.length === 0)
    return refuse("MALFORMED_FIELD");
  if (index >= MAX_RENDEZVOUS_SLOTS) return refuse("RENDEZVOUS_FULL");
  if (body.length > MAX_RENDEZVOUS_BODY_BYTES) return refuse("LIMIT_EXCEEDED");
  const waitMs = limits.rendezvousPut.take(caller.remoteAddress);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const store = roles.rendezvous();
  const refusal = desk.check(caller, rendezvousId, () => index > 0 || store.knows(rendezvousId));
  if (refusal !== undefined) return refusal;
  const outcome = store.put(rendezvousId, side, index, body, writerToken, clock.nowMs());
  switch (outcome.kind) {
    case "conflict":
      return refuse("RENDEZVOUS_CONFLICT");
    case "expired":
      return refuse("RENDEZVOUS_EXPIRED");
    case "full":
      return refuse("OVERLOADED", { retryAfterMs: outcome.retryAfterMs });
    case "stored":
      if (outcome.fresh) for (const watcher of watchers.of(rendezvousId, side, index)) pushSlot(watcher, rendezvousId, side, index, body);
      return { case: "rendezvousPut", value: create(RendezvousPutResultSchema, { expiresInMs: outcome.expiresInMs }) };
  }
}

/** `side` is the caller's own side: it is pushed the other side's slots, those already there before the answer. */
export function rendezvousWatch(
  { roles, limits, clock }: RequestContext,
  { watchers, desk }: RendezvousHall,
  caller: Caller,
  request: RendezvousWatch,
): Answer {
  const { rendezvousId, side, fromIndex } = request;
  if (rendezvousId.length !== ID_SIZE_BYTES || !isSide(side) || fromIndex > MAX_RENDEZVOUS_SLOTS) return refuse("MALFORMED_FIELD");
  const waitMs = limits.rendezvousWatch.take(caller.remoteAddress);
  if (waitMs > 0) return refuse("RATE_LIMITED", { retryAfterMs: waitMs });
  const watched = otherSide(side);
  const found = roles.rendezvous().read(rendezvousId, watched, fromIndex, clock.nowMs());
  if (found === "expired") return refuse("RENDEZVOUS_EXPIRED");
  if (!watchers.add(rendezvousId, watched, fromIndex, caller)) return refuse("LIMIT_EXCEEDED");
  for (const slot of found.slots) pushSlot(caller, rendezvousId, watched, slot.index, slot.body);
  const admission = desk.placeOf(rendezvousId);
  const value = create(RendezvousWatchResultSchema, { expiresInMs: found.expiresInMs, ...(admission === undefined ? {} : { admission }) });
  return { case: "rendezvousWatch", value };
}

export function rendezvousLeave({ watchers, desk }: RendezvousHall, caller: Caller, request: RendezvousLeave): Answer {
  if (request.rendezvousId.length !== ID_SIZE_BYTES) return refuse("MALFORMED_FIELD");
  desk.left(caller, request.rendezvousId, watchers.leave(request.rendezvousId, caller));
  return { case: "rendezvousLeave", value: create(DoneSchema) };
}

function pushSlot(caller: Caller, rendezvousId: Bytes, side: Side, index: number, body: Bytes): void {
  const value = create(RendezvousMessageSchema, { rendezvousId, side, index, body });
  caller.push(create(PushSchema, { event: { case: "rendezvousMessage", value } }));
}
