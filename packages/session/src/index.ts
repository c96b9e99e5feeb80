/** Connecting, authenticating and staying connected, as a pure machine. Drivers do what its effects say. */
export { MAX_CLIENT_REQUEST_ID, PING_REQUEST_ID } from "./policy.ts";
export { describeSession, restoreSession, sessionDeadEnds, stepSession } from "./session-machine.ts";
export { DEADLINES, INITIAL_SESSION, SESSION_STATES } from "./states.ts";
export { canSend, sessionStatus } from "./status.ts";
export type { SessionStep, StepContext } from "./transitions.ts";
export { SESSION_CAUSES } from "./types.ts";
export type * from "./types.ts";
export { CHOICE_STATES, choiceDeadEnds, describeChoice, initialChoice, stepChoice } from "./transport-choice.ts";
export { parseTransportMemory } from "./transport-memory.ts";
export { TRANSPORT_KINDS } from "./transport-types.ts";
export type * from "./transport-types.ts";
export { afterRetry, afterSuccess, fullRetryBudget, retriesLeft, untilRetryMs } from "./retry-budget.ts";
