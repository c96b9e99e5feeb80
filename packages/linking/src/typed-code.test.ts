/** A code survives whatever a person and a keyboard make of it; what is no code is told apart before anything is sent. */
import { must } from "@hawser/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "./test-world.ts";
import { formatTypedCode, newTypedCode, parseTypedCode } from "./typed-code.ts";

test("codes are eight unambiguous letters, and all of them occur", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 500; seed++) {
    const text = formatTypedCode(newTypedCode(seededRandom(seed)));
    expect(text).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    for (const letter of text) seen.add(letter);
  }
  expect(seen.size).toBe(33);
});

test.each([
  "7K3M-P0Q1",
  "7k3mp0q1",
  " 7k3m p0q1 \n",
  "7K3M–PoQl",
  "7k3m—pOqI",
  "7K3M_P0Q\u200e1",
  "7k3m.p0qı",
  "7K3M-P0Qİ",
  "７Ｋ３Ｍ－Ｐ０Ｑ１",
  "٧K٣M-P٠Q١",
  "۷k۳m p۰q۱",
  "7-K-3-M-P-0-Q-1",
])("%j is 7K3M-P0Q1", (text) => {
  expect(formatTypedCode(must(parseTypedCode(text)))).toBe("7K3M-P0Q1");
});

test("U is read as V, which is in the code", () => {
  expect(must(parseTypedCode("UUUU-vvvv"))).toEqual({ nameplate: "VVVV", password: "VVVV" });
});

test.each(["", "7K3M", "7K3M-P0Q", "7K3M-P0Q12", "7K3M-P0Q!", "7K3M-P0Qß", "7K3M-P0Q€", "https://chat.example/link#1.AA", "7".repeat(65), "😀😀😀😀😀😀😀😀"])(
  "%j is no code",
  (text) => {
    expect(parseTypedCode(text)).toMatchObject({ ok: false, error: { kind: "CODE_MALFORMED" } });
  },
); // prettier-ignore

test("what is made parses to itself, and no text throws", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const code = newTypedCode(seededRandom(seed));
      expect(must(parseTypedCode(formatTypedCode(code)))).toEqual(code);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      const parsed = parseTypedCode(text);
      if (parsed.ok) expect(parseTypedCode(formatTypedCode(parsed.value))).toEqual(parsed);
    }),
  );
});
