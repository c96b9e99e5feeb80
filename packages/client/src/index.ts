/** One device of one account: the engine behind every Hawser application. */
export type * from "./api.ts";
