/** Plain requests over the same paths as the sockets: late, refused, lost on the way there or on the way back. */
import { type Http, type HttpRequest, type HttpResponse, OperationalError } from "@hawser/base";
import type { Machine } from "../engine/machine.ts";
import type { Network } from "../engine/network.ts";
import type { SeededRandom } from "../engine/seeded-random.ts";
import type { BlobShelf } from "./blob-shelf.ts";

export interface HttpFaults {
  /** Share of requests whose answer is lost after the server has acted. */
  lostAnswers: number;
  /** Share of requests that reach the server a second time. */
  repeatedRequests: number;
  /** Every request meets this instead of the server: silence, or a status. */
  answers?: "works" | "hangs" | number;
}

/** In ways of the request. */
const REPEATED_AFTER = [0, 1, 40, 400] as const;

export function virtualHttp(parts: {
  network: Network;
  machine: Machine;
  life: number;
  shelf: BlobShelf;
  random: SeededRandom;
  faults: HttpFaults;
  onBody(request: HttpRequest): void;
}): Http {
  const { network, machine, life, shelf, random, faults } = parts;
  const { scheduler } = network;
  return {
    request: (request) =>
      new Promise<HttpResponse>((resolve, reject) => {
        const path = network.path(machine.name);
        let over = false;
        const finish = (act: () => void): void => {
          if (over) return;
          over = true;
          machine.enter(life, act);
        };
        const fail = (code: string): void =>
          finish(() => reject(new OperationalError(code, { message: "no answer from the server", retry: { afterMs: 1_000 } })));
        const latency = (): number => random.between(path.lowMs, path.highMs);
        scheduler.after(request.timeoutMs, () => fail("TIMEOUT"));
        if (path.opening === "refused") return void scheduler.after(1, () => fail("STORE_UNAVAILABLE"));
        if (path.opening === "hangs" || path.upHeld) return;
        scheduler.after(2 * latency(), () => {
          if (machine.life !== life) return;
          const { answers = "works" } = faults;
          const status = path.opening === "503" ? 503 : answers;
          if (status === "hangs") return;
          if (status !== "works")
            return void scheduler.after(latency(), () => finish(() => resolve({ status, headers: {}, body: new Uint8Array(0) })));
          if (network.listener === undefined) return fail("STORE_UNAVAILABLE");
          parts.onBody(request);
          network.trace.note(`${machine.name} http ${request.method} ${request.url.slice(-71)}`, request.body);
          let response: HttpResponse | undefined;
          const { machine: server, life: its } = network.listener;
          server.enter(its, () => {
            response = shelf.handle(request);
          });
          if (faults.repeatedRequests > 0 && random.chance(faults.repeatedRequests))
            scheduler.after(latency() * random.pick(REPEATED_AFTER), () => server.enter(its, () => void shelf.handle(request)));
          const answered = response;
          // The server died over it.
          if (answered === undefined) return fail("STORE_UNAVAILABLE");
          if (path.downHeld || random.chance(faults.lostAnswers)) return;
          scheduler.after(latency(), () => finish(() => resolve(answered)));
        });
      }),
  };
}
