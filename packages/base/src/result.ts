/**
 * A value or a typed error. Used wherever bytes or people from outside can be wrong, so that a caller cannot forget it.
 * Throwing is kept for programmer's faults (`assert`) and for I/O that failed (`OperationalError`).
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** Unwraps a Result whose error would be a programmer's fault. Never use it on bytes from outside. */
export function must<T, E>(result: Result<T, E>, what = "result"): T {
  if (result.ok) return result.value;
  throw new AssertionError(`${what} failed: ${describe(result.error)}`);
}

/** An invariant of this program was broken: a fault of the programmer, never of a peer. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Checks an invariant; on in production. Its message must not contain user data. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${describe(value)}`);
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === "object" && value !== null && "kind" in value) return String(value.kind);
  return typeof value === "string" ? value : typeof value;
}
