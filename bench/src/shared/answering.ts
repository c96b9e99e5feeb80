/** The spawned side of `spawn.ts`: answers questions by name, and ends when whoever asked is gone. Runs in Node. */
interface Question {
  readonly id: number;
  readonly question: string;
  readonly parameters: readonly unknown[];
}

export function answer(answers: Readonly<Record<string, (...parameters: never[]) => unknown>>, finish: () => Promise<void>): void {
  process.on("message", ({ id, question, parameters }: Question) => {
    Promise.resolve()
      .then(() => (answers[question] as ((...parameters: readonly unknown[]) => unknown) | undefined)?.(...parameters))
      .then(
        (value) => process.send?.({ id, value }),
        (error: unknown) => process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.once("disconnect", () => void finish().finally(() => process.exit(0)));
}
