/** What an exported chat holds, before anything of it is taken over. */
export interface ImportPreview {
  readonly importId: string;
  readonly title: string;
  readonly participants: readonly string[];
  readonly selfGuess: string | undefined;
  readonly messageCount: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly mediaCount: number;
  readonly dateOrder: "day-first" | "month-first" | "year-first";
  readonly dateOrderCertain: boolean;
}
