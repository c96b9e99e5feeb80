/**
 * Looks along the way to the own server as far as a page can see: the browser's word on the network, `/healthz`, the WebSocket. Names, TCP
 * and certificates are the browser's secret. Invariants: only the own origin is asked; every look has a deadline; nothing is thrown.
 */
import { toHex, type Transport } from "@hawser/base";
import { carrierProbes, type Findings, HOP_DEADLINE_MS, MAX_HEALTH_BYTES, type Probe, readGreeting, readHealth } from "@hawser/diagnosis";
import { httpTransport } from "@hawser/wire";
import { fetchStreamingHttp } from "./streaming-http.ts";
import { webClock, webRandom } from "./web-clock.ts";

const CHALLENGE_BYTES = 16;

export function wayProbes(origin: string): Probe[] {
  return [
    { names: ["network"], run: () => Promise.resolve({ network: { kind: navigator.onLine ? "online" : "offline" } }) },
    { names: ["http", "roles", "clock", "version", "crowd"], run: () => askHealth(origin) },
    { names: ["socket"], run: async () => ({ socket: await openSocket(origin) }) },
    ...carrierProbes({ events: carrier("sse"), poll: carrier("poll") }, `${origin}/v1/connect`, webClock),
  ];
}

const carrier = (kind: "sse" | "poll"): Transport => httpTransport(kind, fetchStreamingHttp(), webClock);

async function askHealth(origin: string): Promise<Partial<Findings>> {
  const challenge = toHex(webRandom.bytes(CHALLENGE_BYTES));
  const startedMs = webClock.monotonicMs();
  const deadline = AbortSignal.timeout(HOP_DEADLINE_MS);
  try {
    const response = await fetch(`${origin}/healthz?probe=${challenge}`, {
      signal: deadline,
      cache: "no-store",
      credentials: "omit",
      redirect: "manual",
      referrerPolicy: "no-referrer",
    });
    // What a browser does not let a page look into: somebody sends us elsewhere.
    if (response.type === "opaqueredirect") return { http: { kind: "redirected" } };
    const tookMs = webClock.monotonicMs() - startedMs;
    const receivedAtMs = webClock.nowMs();
    const body = (await response.text()).slice(0, MAX_HEALTH_BYTES);
    return readHealth({ status: response.status, headers: Object.fromEntries(response.headers), body, tookMs, receivedAtMs }, challenge);
  } catch {
    return { http: { kind: deadline.aborted ? "silent" : "failed" } };
  }
}

function openSocket(origin: string): Promise<Findings["socket"]> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${origin.replace(/^http/, "ws")}/v1/connect`);
    socket.binaryType = "arraybuffer";
    let isOver = false;
    const end = (finding: Findings["socket"]): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      socket.close();
      resolve(finding);
    };
    const cancel = webClock.after(HOP_DEADLINE_MS, () => end({ kind: "silent" }));
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) =>
      end(data instanceof ArrayBuffer ? readGreeting(new Uint8Array(data)).socket : { kind: "failed" }),
    );
    // A refusal, an answer that is no upgrade, a reset: a browser says the same of all.
    socket.addEventListener("close", () => end({ kind: "failed" }));
  });
}
