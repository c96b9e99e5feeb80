/** Names as people type them. */
import { OperationalError } from "@hawser/base";
import { MAX_NAME_LENGTH } from "../bounds.ts";

/** @throws OperationalError NAME_TOO_LONG */
export function checkName(name: string): void {
  if (name.length > MAX_NAME_LENGTH) throw new OperationalError("NAME_TOO_LONG");
}
