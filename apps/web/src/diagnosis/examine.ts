/** The probes of this browser, put together. The engine is asked where there is one; that there is none is a finding, not an obstacle. */
import {
  type Change,
  collectEvidence,
  type Evidence,
  type Findings,
  HOP_DEADLINE_MS,
  type MissingReason,
  type Probe,
  type ProbeName,
  readEngine,
} from "@hawser/diagnosis";
import { findEngine } from "@hawser/io-web/broadcast-port";
import { probeStorage } from "@hawser/io-web/storage-probe";
import { wayProbes } from "@hawser/io-web/way-probes";
import { webClock } from "@hawser/io-web/web-clock";
import { connectWorkerClient, type HawserClient } from "@hawser/sdk";
import type { Face } from "../entry/remembered.ts";

export interface Subject {
  readonly face: Face;
  readonly client: HawserClient;
  /** What the engine itself failed with, so far. */
  readonly trouble: () => string | undefined;
}

export type Progress = (findings: Partial<Findings>, missing: Partial<Record<ProbeName, MissingReason>>) => void;

export function examine(subject: Subject, found: Progress): Promise<Evidence> {
  let changes: readonly Change[] = [];
  const self: Probe = {
    names: ["storage", "device", "session", "links"],
    async run() {
      const [storage, engine] = await Promise.all([probeStorage(), askEngine(subject)]);
      changes = engine.changes;
      const worst = engine.findings.storage?.kind === "lasting" ? storage : (engine.findings.storage ?? storage);
      return { ...engine.findings, ...(worst === undefined ? {} : { storage: worst }) };
    },
  };
  return collectEvidence({
    probes: [...wayProbes(location.origin), self, { names: ["others"], run: () => askOtherFace(subject.face) }],
    clock: webClock,
    changes: () => changes,
    found,
  });
}

interface EngineAnswer {
  readonly findings: Partial<Findings>;
  readonly changes: readonly Change[];
}

async function askEngine({ client, trouble }: Subject): Promise<EngineAnswer> {
  const facts = await within(client.diagnostics());
  if (facts !== undefined) return { findings: readEngine(facts), changes: facts.changes };
  const kind = STORAGE_OF[trouble() ?? ""];
  return { findings: kind === undefined ? {} : { storage: { kind } }, changes: [] };
}

const STORAGE_OF: Readonly<Record<string, Findings["storage"]["kind"]>> = {
  STORAGE_LOST: "lost",
  STORAGE_FULL: "full",
  STORE_UNAVAILABLE: "locked",
  PROFILE_IN_USE: "locked",
};

/** Phone and companion may live side by side in one browser; each sees what the other sees. */
async function askOtherFace(face: Face): Promise<Partial<Findings>> {
  const gone = new AbortController();
  let stop: () => void = () => undefined;
  const answer = new Promise<boolean>((resolve) => {
    stop = findEngine(face === "phone" ? "companion" : "phone", (port) => {
      void connectWorkerClient(port, { gone: gone.signal })
        .state()
        .then(({ phase, connection }) => {
          if (phase === "ready") resolve(connection.kind === "online");
        })
        .catch(() => undefined);
    });
  });
  const isOnline = await within(answer, OTHER_FACE_MS);
  gone.abort();
  stop();
  return isOnline === undefined ? {} : { others: { kind: isOnline ? "online" : "offline" } };
}

/** A tab that is there answers at once. */
const OTHER_FACE_MS = 600;

function within<T>(work: Promise<T>, deadlineMs = HOP_DEADLINE_MS): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = webClock.after(deadlineMs, () => resolve(undefined));
    void work
      .catch(() => undefined)
      .then((value) => {
        cancel();
        resolve(value);
      });
  });
}
