/** Planted bugs that stand between a client and its connection. */
import { accountIdFromBytes, type FrameConnection, type Transport } from "@hawser/base";
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeBatch,
  encodeCursor,
  encodeFrame,
  encodeSend,
  ERROR_CODES,
  FRAME_TYPES,
  RendezvousSide,
} from "@hawser/wire";
import type { Device } from "../nodes/device.ts";
import type { World } from "../nodes/world.ts";

interface Hooks {
  /** What goes up instead; `undefined`: nothing. */
  up?(frame: Uint8Array, connection: { send(frame: Uint8Array): void; receive(frame: Uint8Array): void }): Uint8Array | undefined;
  /** Before the client sees a frame; what it sees instead, if anything. */
  down?(frame: Uint8Array, connection: { send(frame: Uint8Array): void }): Uint8Array | undefined;
}

function between(transport: Transport, hooks: Hooks): Transport {
  return {
    kind: transport.kind,
    open(url, events) {
      const receive = (frame: Uint8Array): void => events.frame(frame);
      const inner: FrameConnection = transport.open(url, {
        ...events,
        opened: () => events.opened(),
        closed: (code, reason) => events.closed(code, reason),
        frame(frame) {
          events.frame(hooks.down?.(frame, { send: (bytes) => inner.send(bytes) }) ?? frame);
        },
      });
      return {
        get bufferedBytes() {
          return inner.bufferedBytes;
        },
        close: (code, reason) => inner.close(code, reason),
        send(frame) {
          const instead = hooks.up === undefined ? frame : hooks.up(frame, { send: (bytes) => inner.send(bytes), receive });
          if (instead !== undefined) inner.send(instead);
        },
      };
    },
  };
}

/** The cursor leaves when deliveries arrive, not when they are committed. */
export const earlyCursor = (transport: Transport): Transport =>
  between(transport, {
    down(frame, connection) {
      if (frame[0] !== FRAME_TYPES.batch) return undefined;
      const decoded = decodeServerFrame(frame);
      const last = decoded.ok && decoded.value.type === "batch" ? decoded.value.deliveries.at(-1) : undefined;
      if (last !== undefined) connection.send(encodeCursor(last.sequence));
      return undefined;
    },
  });

/** What was handed to the socket counts as sent. */
export const earlyAcknowledgement = (transport: Transport, world: World): Transport =>
  between(transport, {
    up(frame, connection) {
      const decoded = frame[0] === FRAME_TYPES.send ? decodeClientFrame(frame) : undefined;
      if (decoded?.ok === true && decoded.value.type === "send") {
        const { request } = decoded.value;
        world.scheduler.after(0, () => connection.receive(encodeBatch({ acks: [request], deliveries: [] })));
      }
      return frame;
    },
  });

/** A server in trouble says goodbye, and the client takes it for "you are signed out". */
export const goodbyeSignsOut = (transport: Transport, device: Device): Transport =>
  between(transport, {
    down(frame) {
      const decoded = frame[0] === FRAME_TYPES.goodbye ? decodeServerFrame(frame) : undefined;
      if (decoded?.ok === true && decoded.value.type === "goodbye" && decoded.value.message.error !== ERROR_CODES.DEVICE_REVOKED.code) {
        void device.client?.wipe().catch(() => undefined);
      }
      return undefined;
    },
  });

/** Nobody compares list numbers: whatever a sender believes is passed off as current, without what the list does not name. */
export const listNumbersUnchecked = (transport: Transport, world: World): Transport =>
  between(transport, {
    up(frame) {
      const decoded = frame[0] === FRAME_TYPES.send ? decodeClientFrame(frame) : undefined;
      if (decoded?.ok !== true || decoded.value.type !== "send") return frame;
      const targets = decoded.value.targets.map((target) => {
        const entry = world.server.directory?.find(accountIdFromBytes(target.account));
        if (entry === undefined) return target;
        const capsules = target.capsules.filter((capsule) => entry.devices.has(capsule.device as never));
        return { ...target, listNumber: entry.listNumber, listHashPrefix: entry.listHash.subarray(0, 8), capsules };
      });
      return encodeSend({ ...decoded.value, targets });
    },
  });

/** A store that was put back from a copy does not hear what its device has done since. */
export const oldCopiesUnnoticed = (transport: Transport): Transport =>
  between(transport, {
    down(frame) {
      const decoded = frame[0] === FRAME_TYPES.welcome ? decodeServerFrame(frame) : undefined;
      if (decoded?.ok !== true || decoded.value.type !== "welcome" || decoded.value.message.device === undefined) return undefined;
      const nothing = { lastMessageId: new Uint8Array(0), committedSequence: 0n, highestOneTimePreKey: 0, highestOneTimeKemPreKey: 0 };
      Object.assign(decoded.value.message.device, nothing);
      return encodeFrame(decoded.value);
    },
  });

/** What its mailbox lost while it was dormant a device does not hear. */
export const droppedInSilence = (transport: Transport): Transport =>
  between(transport, {
    down(frame) {
      const decoded = frame[0] === FRAME_TYPES.welcome ? decodeServerFrame(frame) : undefined;
      if (decoded?.ok !== true || decoded.value.type !== "welcome" || decoded.value.message.device?.needsResync !== true) return undefined;
      decoded.value.message.device.needsResync = false;
      return encodeFrame(decoded.value);
    },
  });

/** What a new device answers to typed letters, or says when it is linked, never reaches the rendezvous; the latter its phone learns all the same. */
export const lostReplies = (transport: Transport): Transport =>
  between(transport, {
    up(frame) {
      const decoded = frame[0] === FRAME_TYPES.request ? decodeClientFrame(frame) : undefined;
      if (decoded?.ok !== true || decoded.value.type !== "request") return frame;
      const { operation } = decoded.value.message;
      const isReply =
        operation.case === "rendezvousPut" && operation.value.side === RendezvousSide.COMPANION && operation.value.index === 1;
      return isReply ? undefined : frame;
    },
  });

/** That somebody is blocked no more the server does not hear. */
export const blockedForGood = (transport: Transport): Transport =>
  between(transport, {
    up(frame) {
      const decoded = frame[0] === FRAME_TYPES.request ? decodeClientFrame(frame) : undefined;
      if (decoded?.ok !== true || decoded.value.type !== "request") return frame;
      const { operation } = decoded.value.message;
      return operation.case === "setBlocked" && !operation.value.blocked ? undefined : frame;
    },
  });

/** A frame now and then is lost on a connection that goes on as if nothing had happened. */
export const lostFrames = (transport: Transport): Transport => {
  let sent = 0;
  return between(transport, {
    up: (frame) => (frame[0] === FRAME_TYPES.cursor || frame[0] === FRAME_TYPES.send ? (++sent % 7 === 0 ? undefined : frame) : frame),
  });
};
