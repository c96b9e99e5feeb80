/** What a browser complained about, and which of it a story provokes on purpose. */
const FAULTS_KEPT = 50;

export class Faults {
  readonly #name: string;
  readonly #heard: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  note(fault: string): void {
    if (this.#heard.length < FAULTS_KEPT) this.#heard.push(`${this.#name}: ${fault}`);
  }

  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  get unexpected(): readonly string[] {
    return this.#heard.filter((fault) => !this.#expected.some((pattern) => pattern.test(fault)));
  }
}
