/**
 * Runs probes beside one another. Invariant: it ends within `RUN_DEADLINE_MS` by the given clock, whatever the probes do; one that did
 * not answer is missing evidence, never a wait. Probes keep deadlines of their own below, so that their silence is a finding.
 */
import type { Clock } from "@hawser/base";
import { type Change, type Evidence, type Findings, type MissingReason, type ProbeName, PROBES } from "./findings.ts";

/** What a person waits for a verdict, at the most. */
export const RUN_DEADLINE_MS = 4_500;
/** For one connection, request or answer. Above, it counts as silent. */
export const HOP_DEADLINE_MS = 3_000;

export interface Probe {
  /** What it may find; nothing else is taken from it. */
  readonly names: readonly ProbeName[];
  /** Findings it came to. A name it leaves out cannot be seen on this platform, or in this state. Rejection: the probe itself failed. */
  run(): Promise<Partial<Findings>>;
}

export interface RunOptions {
  readonly probes: readonly Probe[];
  readonly clock: Clock;
  readonly changes?: () => readonly Change[];
  /** Called when a probe is done, for a screen that shows progress. */
  readonly found?: (findings: Partial<Findings>, missing: Partial<Record<ProbeName, MissingReason>>) => void;
}

export function collectEvidence({ probes, clock, changes, found }: RunOptions): Promise<Evidence> {
  const startedAtMs = clock.nowMs();
  const startedMonotonicMs = clock.monotonicMs();
  return new Promise((resolve) => {
    const findings: Partial<Findings> = {};
    const missing: Partial<Record<ProbeName, MissingReason>> = {};
    const open = new Set(probes);
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      cancel();
      for (const probe of open) for (const name of probe.names) missing[name] = "deadline";
      for (const name of PROBES) if (findings[name] === undefined) missing[name] ??= "not-here";
      resolve({
        startedAtMs,
        tookMs: Math.round(clock.monotonicMs() - startedMonotonicMs),
        findings,
        missing,
        changes: changes?.() ?? [],
      });
    };
    const cancel = clock.after(RUN_DEADLINE_MS, end);
    const take = (probe: Probe, result: Partial<Findings> | undefined): void => {
      if (over) return;
      open.delete(probe);
      for (const name of probe.names) {
        const finding = result?.[name];
        if (finding !== undefined) Object.assign(findings, { [name]: finding });
        else missing[name] = result === undefined ? "failed" : "not-here";
      }
      found?.({ ...findings }, { ...missing });
      if (open.size === 0) end();
    };
    for (const probe of probes) void settled(probe).then((result) => take(probe, result));
    if (probes.length === 0) end();
  });
}

const settled = (probe: Probe): Promise<Partial<Findings> | undefined> => probe.run().catch(() => undefined);
