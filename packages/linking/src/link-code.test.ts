/** Invariant: a text either has a typed error, or it is exactly the text that its meaning has. */
import { toBase64Url } from "@hawser/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatLinkCode, parseLinkCode } from "./link-code.ts";

const ORIGIN = "https://chat.example:8443";
const parts = {
  rendezvousId: toBase64Url(new Uint8Array(16).fill(1)),
  secret: toBase64Url(new Uint8Array(32).fill(2)),
  publicKey: toBase64Url(new Uint8Array(32).fill(3)),
};
const code = formatLinkCode(ORIGIN, parts);

test("round trip, with the spaces of a pasted text", () => {
  expect(parseLinkCode(` ${code}\n`, ORIGIN)).toEqual({ ok: true, value: parts });
  expect(code.split("#1.")[1]).toHaveLength(107);
});

test.each([
  ["", "CODE_MALFORMED"],
  ["https://example.org/", "CODE_MALFORMED"],
  ["WIFI:S:home;;", "CODE_MALFORMED"],
  [`${ORIGIN}/add#1.AAAA`, "CODE_MALFORMED"],
  [code.replace(ORIGIN, "https://evil.example"), "CODE_OTHER_ORIGIN"],
  [code.replace(ORIGIN, "http://chat.example:8443"), "CODE_OTHER_ORIGIN"],
  [code.replace(ORIGIN, `${ORIGIN}@evil.example`), "CODE_MALFORMED"],
  [code.replace("#1.", "#2."), "CODE_UNSUPPORTED"],
  [code.replace("#1.", "#01."), "CODE_MALFORMED"],
  [code.slice(0, -1), "CODE_MALFORMED"],
  [`${code}A`, "CODE_MALFORMED"],
  [`${code}=`, "CODE_MALFORMED"],
  ["x".repeat(100_000), "CODE_MALFORMED"],
])("%j is refused as %s", (text, kind) => expect(parseLinkCode(text, ORIGIN)).toMatchObject({ ok: false, error: { kind } }));

test("10,000 mutated codes: a typed error, or a text equal to its meaning", () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat(code.length),
      fc.constantFrom("replace", "insert", "delete", "swap"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
      (at, how, noise) => {
        const text =
          how === "replace"
            ? code.slice(0, at) + noise + code.slice(at + noise.length)
            : how === "insert"
              ? code.slice(0, at) + noise + code.slice(at)
              : how === "delete"
                ? code.slice(0, at) + code.slice(at + noise.length)
                : code.slice(at) + code.slice(0, at);
        const parsed = parseLinkCode(text, ORIGIN);
        if (parsed.ok) return formatLinkCode(ORIGIN, parsed.value).toLowerCase() === text.trim().toLowerCase();
        refused++;
        return (
          ["CODE_MALFORMED", "CODE_OTHER_ORIGIN", "CODE_UNSUPPORTED"].includes(parsed.error.kind) &&
          !JSON.stringify(parsed).includes(parts.secret)
        );
      },
    ),
    { numRuns: 10_000, seed: 7 },
  );
  expect(refused).toBeGreaterThan(5_000);
});
