/** The link ceremony, both sides, as pure machines; its codes; and the runner of its cryptographic jobs. */
export { companionDeadEnds, describeCompanion, INITIAL_COMPANION, resumeCompanion, stepCompanion } from "./companion-machine.ts";
export { COMPANION_STATES, type CompanionKind, type CompanionState } from "./companion-state.ts";
export { companionStatus } from "./companion-view.ts";
export { formatLinkCode, type LinkCodeError, type LinkCodeParts, parseLinkCode } from "./link-code.ts";
export type * from "./link-effects.ts";
export type * from "./link-jobs.ts";
export type { LinkStep, StepContext } from "./link-machine.ts";
export * from "./link-status.ts";
export { runLinkJob } from "./run-link-job.ts";
export { describePhone, INITIAL_PHONE, phoneDeadEnds, resumePhone, stepPhone } from "./phone-machine.ts";
export { PHONE_STATES, type PhoneKind, type PhoneState } from "./phone-state.ts";
export { phoneStatus } from "./phone-view.ts";
