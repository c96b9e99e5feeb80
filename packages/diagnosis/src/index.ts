/** "Is it me, the network or the server?": findings of probes in, a verdict with reasons and safe next steps out. */
export { carrierProbes } from "./carrier-probe.ts";
export { type Cause, CAUSES, type Whose } from "./causes.ts";
export { type EngineFacts, readEngine } from "./engine-facts.ts";
export * from "./findings.ts";
export { readGreeting } from "./greeting.ts";
export { type HealthAnswer, MAX_HEALTH_BYTES, readHealth } from "./health.ts";
export { judge, type Verdict } from "./judge.ts";
export { type ReportContext, writeReport } from "./report.ts";
export { collectEvidence, HOP_DEADLINE_MS, type Probe, RUN_DEADLINE_MS } from "./run.ts";
export { type Step, type StepName, STEPS } from "./steps.ts";
