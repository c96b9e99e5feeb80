/**
 * Structured logs. Invariant: fields are numbers, booleans and words of this program; of an error only its kind, code and
 * place are written, because its message may quote data.
 */
import { pino } from "pino";
import type { Log, LogFields } from "../gateway/index.ts";
import type { LogLevel } from "../config/server-options.ts";

const MAX_STACK_LINES = 6;

export function createLog(level: LogLevel, destination: { write(line: string): void } = process.stderr): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "event",
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    info: (event: string, fields: LogFields = {}) => logger.info(fields, event),
    warn: (event: string, fields: LogFields = {}) => logger.warn(fields, event),
    error: (event: string, cause: unknown, fields: LogFields = {}) => logger.error({ ...fields, ...describe(cause) }, event),
  };
}

function describe(cause: unknown): LogFields {
  if (!(cause instanceof Error)) return { cause: typeof cause };
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown };
  const frames = (cause.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    cause: cause.name,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(typeof errcode === "number" ? { sqlite: errcode } : {}),
    at: frames
      .slice(0, MAX_STACK_LINES)
      .map((line) => line.trim().replace(/\(?file:.*\/((?:packages|apps)\/)/, "($1"))
      .join(" | "),
  };
}
