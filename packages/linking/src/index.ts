/** The link ceremony, both sides, as pure machines; its codes; and the runner of its cryptographic jobs. */
export { companionDeadEnds, describeCompanion, INITIAL_COMPANION, resumeCompanion, stepCompanion } from "./companion-machine.ts";
export { COMPANION_STATES, type CompanionKind, type CompanionState } from "./companion-state.ts";
export { companionStatus } from "./companion-view.ts";
export type * from "./courier-jobs.ts";
export {
  describeGiver,
  type GiverEffect,
  giverDeadEnds,
  type GiverInput,
  giverStatus,
  INITIAL_GIVER,
  resumeGiver,
  stepGiver,
} from "./courier-giver.ts";
export { GIVER_STATES, type GiverKind, type GiverState } from "./courier-giver-state.ts";
export { canBeScanned, newestParts, planCouriers, shownLetters } from "./courier-plan.ts";
export {
  describeTaker,
  INITIAL_TAKER,
  resumeTaker,
  stepTaker,
  takerDeadEnds,
  type TakerEffect,
  type TakerInput,
  takerStatus,
} from "./courier-taker.ts";
export { TAKER_STATES, type TakerKind, type TakerState } from "./courier-taker-state.ts";
export { formatLinkCode, formatReverseCode, type LinkCodeError, type LinkCodeParts, parseLinkCode, parseReverseCode } from "./link-code.ts";
export { parseTypedCode, type TypedCode } from "./typed-code.ts";
export { recentTries, waitBeforeTry } from "./typed-tries.ts";
export type * from "./link-effects.ts";
export type * from "./link-jobs.ts";
export type { LinkStep, StepContext } from "./link-machine.ts";
export * from "./link-status.ts";
export {
  describePut,
  HOME,
  INITIAL_PLACES,
  type Place,
  type PlacesEffect,
  type PlacesInput,
  type PlacesState,
  PUT_STAGES,
  putDeadEnds,
  type RendezvousPut,
  stepPlaces,
  WRITE_ENDS_WITHIN_MS,
} from "./rendezvous-places.ts";
export { runLinkJob } from "./run-link-job.ts";
export { describePhone, INITIAL_PHONE, phoneDeadEnds, resumePhone, stepPhone } from "./phone-machine.ts";
export { CLEAN_UP_RETRY_MS, PHONE_ACTIVATION_MS, PHONE_STATES, type PhoneKind, type PhoneState } from "./phone-state.ts";
export { phoneStatus } from "./phone-view.ts";
