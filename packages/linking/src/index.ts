/** The link ceremony, both sides, as pure machines. */
export type * from "./companion-state.ts";
export type * from "./link-effects.ts";
export type * from "./link-jobs.ts";
export * from "./link-status.ts";
export type * from "./phone-state.ts";
