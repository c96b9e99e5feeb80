/**
 * The first frame of a connection, read as findings: did the server greet, and does it speak our protocol? docs/PROTOCOL.md, "Connection":
 * `ServerHello` has the range of versions in fields 4 and 5, `Goodbye` its error in field 1.
 */
import { errorName, FRAME_TYPES } from "@hawser/wire";
import type { Findings } from "./findings.ts";
import { versionFinding } from "./health.ts";
import { readIntegerFields } from "./integer-fields.ts";

const BUSY = new Set(["OVERLOADED", "RATE_LIMITED", "TOO_MANY_CONNECTIONS", "SHUTTING_DOWN"]);

export function readGreeting(frame: Uint8Array): Pick<Findings, "socket"> & Partial<Pick<Findings, "version">> {
  const fields = readIntegerFields(frame.subarray(1));
  if (fields === undefined) return { socket: { kind: "failed" } };
  const field = (number: number): number => fields.get(number) ?? 0;
  if (frame[0] === FRAME_TYPES.serverHello) return { socket: { kind: "greeted" }, version: versionFinding(field(4), field(5)) };
  if (frame[0] !== FRAME_TYPES.goodbye) return { socket: { kind: "failed" } };
  return { socket: { kind: BUSY.has(errorName(field(1)) ?? "") ? "busy" : "greeted" } };
}
