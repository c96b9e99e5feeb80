/** The first frame of a connection, read as findings: did the server greet, and does it speak our protocol? */
import { decodeServerFrame, errorName } from "@hawser/wire";
import type { Findings } from "./findings.ts";
import { versionFinding } from "./health.ts";

const BUSY = new Set(["OVERLOADED", "RATE_LIMITED", "TOO_MANY_CONNECTIONS", "SHUTTING_DOWN"]);

export function readGreeting(frame: Uint8Array): Pick<Findings, "socket"> & Partial<Pick<Findings, "version">> {
  const decoded = decodeServerFrame(frame);
  if (!decoded.ok) return { socket: { kind: "failed" } };
  const { value } = decoded;
  if (value.type === "server-hello") {
    return { socket: { kind: "greeted" }, version: versionFinding(value.message.protocolMin, value.message.protocolMax) };
  }
  if (value.type !== "goodbye") return { socket: { kind: "failed" } };
  return { socket: { kind: BUSY.has(errorName(value.message.error) ?? "") ? "busy" : "greeted" } };
}
