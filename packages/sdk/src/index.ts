/** The public API of Hawser for Node and browsers. Documented with running examples in docs/SDK.md. */
export type * from "@hawser/client";
export { OperationalError } from "@hawser/base";
export * from "./worker/index.ts";
