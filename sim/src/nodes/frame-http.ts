/**
 * Frames over HTTP, both ends: the real transport of the client over requests of the network, and the real desk of the server behind the
 * addresses that apps/server/src/http/connect-routes.ts gives it.
 */
import type { Clock, FrameConnection, Random, StreamingHttp, Transport } from "@hawser/base";
import type { CarrierKind, FrameSocket } from "@hawser/server/gateway/index";
import { CarrierTable } from "@hawser/server/http/carrier-table";
import { ConnectDesk, type ConnectRefusal } from "@hawser/server/http/connect-desk";
import { httpTransport, type HttpTransportKind } from "@hawser/wire";
import type { Machine } from "../engine/machine.ts";
import type { ArrivedRequest, Line, Network } from "../engine/network.ts";
import type { ServerAnswer } from "../engine/server-answer.ts";

export interface FrameHttpClient {
  readonly network: Network;
  readonly machine: Machine;
  readonly life: number;
  readonly clock: Clock;
}

export function virtualHttpTransport(kind: HttpTransportKind, { network, machine, life, clock }: FrameHttpClient): Transport {
  return {
    kind,
    open(url, events) {
      const line: Line = { device: machine.name };
      const http: StreamingHttp = { begin: (request) => network.ask(machine, life, line, kind, request) };
      const connection = httpTransport(kind, http, clock).open(url, events);
      return watched(connection, (frame) => network.tap("up", line, frame));
    },
  };
}

function watched(connection: FrameConnection, tap: (frame: Uint8Array) => void): FrameConnection {
  return {
    send(frame) {
      tap(frame);
      connection.send(frame.slice());
    },
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    close: (code, reason) => connection.close(code, reason),
  };
}

const STATUS: Readonly<Record<ConnectRefusal, number>> = { foreign: 403, gone: 404, busy: 503, malformed: 400 };
const ADDRESS = /\/connect\/(?:(?<id>[0-9a-f]{32})\/?)?(?<what>sse|poll|frames)?(?:\?(?<query>.*))?$/;

export interface FrameHttpServer {
  readonly network: Network;
  readonly machine: Machine;
  readonly life: number;
  readonly clock: Clock;
  readonly random: Random;
  accept(socket: FrameSocket, remoteAddress: string, kind: CarrierKind): void;
}

/** What the server's listener does with a request of frames. */
export function serveFrameHttp(server: FrameHttpServer): (arrived: ArrivedRequest, answer: ServerAnswer) => void {
  const { network, machine, life, clock, random } = server;
  const soon = (callback: () => void): void => void network.scheduler.after(0, () => machine.enter(life, callback));
  const carriers = new CarrierTable({ clock, random, soon });
  /** Whose request is at the desk just now. */
  let line: Line | undefined;
  const desk = new ConnectDesk({
    carriers,
    accept(socket, remoteAddress, kind) {
      const its = line!;
      server.accept(
        tapped(socket, (frame) => network.tap("down", its, frame)),
        remoteAddress,
        kind,
      );
      return true;
    },
  });
  return (arrived, answer) => {
    line = arrived.line;
    const refusal = route(desk, arrived, answer);
    line = undefined;
    if (refusal === undefined) return;
    answer.writeHead(refusal);
    answer.end();
  };
}

/** A status where nothing else answers. */
function route(desk: ConnectDesk, { request, address }: ArrivedRequest, answer: ServerAnswer): number | undefined {
  const { id, what, query } = ADDRESS.exec(request.url)?.groups ?? {};
  const parameters = new URLSearchParams(query);
  const of = (name: string): string | undefined => parameters.get(name) ?? undefined;
  const status = (refusal: ConnectRefusal | undefined): number | undefined => (refusal === undefined ? undefined : STATUS[refusal]);
  if (id === undefined && (what === "sse" || what === "poll")) return status(desk.open(what, { isForeign: false, address }, () => answer));
  if (id === undefined) return 404;
  const call = { id, isForeign: false, after: of("after") };
  if (what === "sse" || what === "poll") return status(desk.resume(what, call, () => answer));
  if (what === "frames") return status(desk.take({ ...call, first: of("first") }, request.body ?? new Uint8Array(0))) ?? 204;
  if (request.method === "DELETE") desk.end(call);
  return 204;
}

function tapped(socket: FrameSocket, tap: (frame: Uint8Array) => void): FrameSocket {
  return {
    get readyState() {
      return socket.readyState;
    },
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    listen: (listener) => socket.listen(listener),
    send(frame, done) {
      tap(Uint8Array.from(frame));
      socket.send(frame, done);
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    ping: () => socket.ping(),
  };
}
