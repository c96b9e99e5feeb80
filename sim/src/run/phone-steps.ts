/** When people get new phones: moved to, or given the account by its recovery code after the old one was lost. */
import type { Family } from "./drawn-apart.ts";

export const NEW_PHONES: Family = {
  name: "new phones",
  share: 0.25,
  kinds: { movePhone: 2, writeRecoveryCode: 1, losePhone: 2 },
  first: ["writeRecoveryCode", "writeRecoveryCode"],
  maxSteps: 6,
};
