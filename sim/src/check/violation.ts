/** A rule that was broken. The name says which checker found it; the text says what it saw. */
export interface Violation {
  readonly rule: RuleName;
  readonly text: string;
}

export type RuleName =
  | "delivered exactly once"
  | "no plaintext at the server"
  | "no key and nonce twice"
  | "nothing after revocation"
  | "revoked only by signature"
  | "one phone an account"
  | "one device, one entry"
  | "devices agree"
  | "every wait ends"
  | "one chain of lists"
  | "the archive is whole"
  | "match codes agree"
  | "no fault inside";

/** Distinct ones, in the order they were found; bounded, because one bug breaks one rule many times. */
export class Violations {
  readonly list: Violation[] = [];
  readonly #seen = new Set<string>();

  add(rule: RuleName, text: string): void {
    const key = `${rule}: ${text}`;
    if (this.#seen.has(key) || this.list.length >= 50) return;
    this.#seen.add(key);
    this.list.push({ rule, text });
  }
}
