/**
 * Eight letters that a person reads from one screen and types on another, "7K3M-P0QX": the first four say where the two
 * meet, the last four are the password. Invariant: whatever a person may make of them (case, spaces, look-alikes, another
 * keyboard's digits) parses to the same code. docs/PROTOCOL.md, "Other ways to a code".
 */
import { assert, err, ok, type Random, type Result } from "@hawser/base";

/** Digits and letters without I, L, O and U. 32, so that a byte's five low bits are uniform. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HALF_LENGTH = 4;
/** With room for spaces, dashes and marks of direction around a pasted text. */
const MAX_TYPED_LENGTH = 64;
const LOOK_ALIKES: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1", U: "V" };
/** First of the ten digits in a row: Arabic, Persian. */
const OTHER_ZEROS = [0x0660, 0x06f0];

export interface TypedCode {
  readonly nameplate: string;
  readonly password: string;
}

export function newTypedCode(random: Random): TypedCode {
  const letters = [...random.bytes(2 * HALF_LENGTH)].map((byte) => ALPHABET[byte & 31]!).join("");
  return { nameplate: letters.slice(0, HALF_LENGTH), password: letters.slice(HALF_LENGTH) };
}

export function formatTypedCode({ nameplate, password }: TypedCode): string {
  assert(nameplate.length === HALF_LENGTH && password.length === HALF_LENGTH, "a typed code has two halves of four");
  return `${nameplate}-${password}`;
}

/** There is no checksum: eight letters are a code, right or not. */
export function parseTypedCode(text: string): Result<TypedCode, { readonly kind: "CODE_MALFORMED"; readonly offset: number }> {
  if (text.length > MAX_TYPED_LENGTH) return err({ kind: "CODE_MALFORMED", offset: MAX_TYPED_LENGTH });
  let letters = "";
  let offset = 0;
  for (const character of text.normalize("NFKC")) {
    const letter = letterOf(character);
    if (letter === undefined) return err({ kind: "CODE_MALFORMED", offset });
    letters += letter;
    offset += character.length;
  }
  if (letters.length !== 2 * HALF_LENGTH) return err({ kind: "CODE_MALFORMED", offset });
  return ok({ nameplate: letters.slice(0, HALF_LENGTH), password: letters.slice(HALF_LENGTH) });
}

/** The digits in what a person typed, whatever the keyboard; what stands between them is nothing. */
export const typedDigits = (text: string): string =>
  text
    .slice(0, MAX_TYPED_LENGTH)
    .normalize("NFKC")
    .replaceAll(/\p{Nd}/gu, (digit) => otherDigit(digit) ?? digit)
    .replaceAll(/[^0-9]/g, "");

function otherDigit(character: string): string | undefined {
  const point = character.codePointAt(0)!;
  const zero = OTHER_ZEROS.find((first) => point >= first && point < first + 10);
  return zero === undefined ? undefined : String(point - zero);
}

/** One letter of the alphabet, nothing for what only separates, `undefined` for anything else. */
function letterOf(character: string): string | undefined {
  if (/^[\p{White_Space}\p{Dash_Punctuation}\p{Cf}\p{Mn}_.·]$/u.test(character)) return "";
  const digit = otherDigit(character);
  if (digit !== undefined) return digit;
  // Also of the Turkish ı and İ, whose dot is a mark of its own by now.
  const upper = character === "ı" ? "I" : character.normalize("NFD")[0]!.toUpperCase();
  const letter = LOOK_ALIKES[upper] ?? upper;
  return ALPHABET.includes(letter) ? letter : undefined;
}
