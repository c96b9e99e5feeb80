/** What a benchmark asks its worker in a browser. */
export interface Rows {
  /** Of the origin's storage; the app's own are `phone` and `companion`. */
  readonly profile: string;
  readonly messages: number;
  readonly conversations: number;
}

export interface Queries extends Rows {
  readonly queriesOfAKind: number;
}

/** Milliseconds of each query, by what was asked where. */
export type QueryTimes = Readonly<Record<string, readonly number[]>>;

export interface Questions {
  /** Fills a profile's store; seconds. */
  fill(rows: Rows): number;
  /** The limit for history on this platform, rows a second. */
  bare(rows: Rows): number;
  fillAndSearch(queries: Queries): { readonly rowsPerSecond: number; readonly times: QueryTimes };
}
