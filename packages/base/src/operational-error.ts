/** When the same call may succeed: at once, after a delay, or never without a change by a person. */
export type Retry = "now" | { readonly afterMs: number } | "never";

/**
 * Something outside this program failed (network, disk, server, quota). `code` is a code of the registry in
 * `@hawser/wire` (`ERROR_CODES`); its text for people lives only in the UI catalogues. No user data in `message`.
 */
export class OperationalError extends Error {
  override readonly name: string = "OperationalError";
  readonly code: string;
  readonly retry: Retry;

  constructor(code: string, options: { message?: string; retry?: Retry; cause?: unknown } = {}) {
    super(options.message ?? code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? "never";
  }
}
