/** The page of benchmarks, as Node drives it. */
import type { BrowserContext, Page } from "playwright-core";
import type { BenchPage } from "./page.ts";
import type { Questions } from "./questions.ts";
import { PAGE } from "./site.ts";

type Resolved<Value> = Value extends Promise<infer Inner> ? Inner : Value;

/** Filling a million rows is the longest answer. */
const ANSWER_DEADLINE_MS = 900_000;

export class BenchTab {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async open(context: BrowserContext, url: string): Promise<BenchTab> {
    const page = await context.newPage();
    await page.goto(url + PAGE);
    await page.waitForFunction(() => "bench" in globalThis);
    return new BenchTab(page);
  }

  ask<Name extends keyof Questions>(question: Name, ...parameters: Parameters<Questions[Name]>): Promise<ReturnType<Questions[Name]>> {
    return this.call("ask", question, ...parameters) as Promise<ReturnType<Questions[Name]>>;
  }

  call<Name extends keyof BenchPage>(
    name: Name,
    ...parameters: Parameters<BenchPage[Name]>
  ): Promise<Resolved<ReturnType<BenchPage[Name]>>> {
    const call = { name, parameters } as { name: string; parameters: never[] };
    const answer = this.#page.evaluate(
      ({ name: called, parameters: given }) =>
        (globalThis as unknown as { bench: Record<string, (...given: never[]) => unknown> }).bench[called]!(...given),
      call,
    ) as Promise<Resolved<ReturnType<BenchPage[Name]>>>;
    const { promise, reject } = Promise.withResolvers<never>();
    const deadline = setTimeout(() => reject(new Error(`the page did not answer "${name}"`)), ANSWER_DEADLINE_MS);
    return Promise.race([answer, promise]).finally(() => clearTimeout(deadline));
  }

  close(): Promise<void> {
    return this.#page.close();
  }
}
