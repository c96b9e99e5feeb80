/**
 * A transport for storage that lags behind its commits (memory mirrored to IndexedDB). Invariant: a frame leaves only after
 * everything committed before it was sent is where it survives the worker's end, so that no ratchet can step back behind
 * something the other side has seen. When storage takes no more, the connection ends instead of running ahead.
 */
import type { Bytes, FrameConnection, FrameConnectionEvents, Transport } from "@hawser/base";

/** RFC 6455 §7.4.1: closed without a word. */
const ABNORMAL_CLOSURE = 1006;

export function flushedTransport(transport: Transport, flush: () => Promise<void>): Transport {
  return { kind: transport.kind, open: (url, events) => openFlushed(transport, flush, url, events) };
}

function openFlushed(transport: Transport, flush: () => Promise<void>, url: string, events: FrameConnectionEvents): FrameConnection {
  let over = false;
  let heldBytes = 0;
  let before: Promise<void> = Promise.resolve();
  const finish = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    events.closed(code, reason);
  };
  const connection = transport.open(url, { opened: () => events.opened(), frame: (frame) => events.frame(frame), closed: finish });

  const sendOne = async (frame: Bytes, previous: Promise<void>): Promise<void> => {
    const safe = flush();
    try {
      await Promise.all([previous, safe]);
      if (!over) connection.send(frame);
    } catch {
      connection.close(ABNORMAL_CLOSURE, "storage takes no more");
      finish(ABNORMAL_CLOSURE, "storage takes no more");
    } finally {
      heldBytes -= frame.length;
    }
  };
  return {
    send(frame) {
      heldBytes += frame.length;
      before = sendOne(frame, before);
    },
    get bufferedBytes() {
      return heldBytes + connection.bufferedBytes;
    },
    close: (code, reason) => connection.close(code, reason),
  };
}
