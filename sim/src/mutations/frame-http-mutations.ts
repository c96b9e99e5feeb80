/** A planted bug that stands between the gateway and what carries its frames over HTTP. */
import type { FrameSocket, SocketListener } from "@hawser/server/gateway/index";
import { decodeBatch, encodeCursor, FRAME_TYPES } from "@hawser/wire";

/** What was written into an answer is confirmed in its client's name, as if answers did not go astray. */
export function writtenIsReceived(socket: FrameSocket): FrameSocket {
  let listener: SocketListener | undefined;
  return {
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    listen(its) {
      listener = its;
      socket.listen(its);
    },
    send(frame, done) {
      const batch = frame[0] === FRAME_TYPES.batch ? decodeBatch(Uint8Array.from(frame)) : undefined;
      socket.send(frame, done);
      const last = batch?.ok === true ? batch.value.deliveries.at(-1) : undefined;
      if (last !== undefined) void Promise.resolve().then(() => listener?.received(encodeCursor(last.sequence), true));
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    ping: () => socket.ping(),
  };
}
