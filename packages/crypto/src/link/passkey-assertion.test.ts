/**
 * Passkey assertions that a real authenticator made are taken, and nothing else is: every rule has a case that only it refuses, and of ten
 * thousand changed assertions none gets through.
 */
import { createSign, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Bytes, concat, fromHex, toBase64Url, utf8 } from "@hawser/base";
import { verifyP256 } from "@hawser/io-node";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { purePrimitives as primitives } from "../pure-primitives.ts";
import { ecdsaFromDer, type PasskeyAssertionBytes, passkeyChallenge, pointOfSpki, verifyPasskeyAssertion } from "./passkey-assertion.ts";

interface Captured {
  readonly [field: string]: string;
}
const { tests } = JSON.parse(readFileSync(new URL("../../../../vectors/chromium-passkey.json", import.meta.url), "utf8")) as {
  tests: Captured[];
};
const hex = (text: string | undefined): Bytes => fromHex(text!)!;
const ports = { primitives, verifyP256 };

const read = (captured: Captured) => ({
  expected: {
    credentials: [{ credentialId: hex(captured["credentialId"]), publicKey: pointOfSpki(hex(captured["spki"]))! }],
    origin: captured["origin"]!,
    rpId: captured["rpId"]!,
    challenge: hex(captured["challenge"]),
  },
  assertion: {
    credentialId: hex(captured["credentialId"]),
    clientDataJson: hex(captured["clientDataJson"]),
    authenticatorData: hex(captured["authenticatorData"]),
    signature: hex(captured["signature"]),
  } satisfies PasskeyAssertionBytes,
});
const kindOf = async (...[expected, assertion]: [ReturnType<typeof read>["expected"], PasskeyAssertionBytes]): Promise<string> => {
  const verdict = await verifyPasskeyAssertion(ports, expected, assertion);
  return verdict.ok ? "ok" : verdict.error.kind;
};

test.each(tests.map((captured, n) => [n, captured] as const))("captured %i", async (_n, captured) => {
  const { expected, assertion } = read(captured);
  expect(await kindOf(expected, assertion)).toBe(captured["fault"] ?? "ok");
});

describe("each rule refuses what only it can", () => {
  const { expected, assertion } = read(tests[0]!);
  test("another page, genuinely signed, and which one it was", async () => {
    const verdict = await verifyPasskeyAssertion(ports, { ...expected, origin: "https://chat.example" }, assertion);
    expect(verdict).toEqual({ ok: false, error: { kind: "other-origin", origin: expected.origin } });
  });
  test.each([
    ["other-challenge", { ...expected, challenge: new Uint8Array(32) }],
    ["other-party", { ...expected, rpId: "localhost.example" }],
    ["unknown-credential", { ...expected, credentials: [] }],
    ["bad-signature", { ...expected, credentials: [{ ...expected.credentials[0]!, publicKey: new Uint8Array(65).fill(4) }] }],
  ])("%s", async (kind, changed) => expect(await kindOf(changed, assertion)).toBe(kind));
});

/** An authenticator of software, to sign what no real one would. */
function softwareKey() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credential = { credentialId: utf8("id"), publicKey: pointOfSpki(publicKey.export({ format: "der", type: "spki" }))! };
  const challenge = passkeyChallenge(primitives, new Uint8Array(32), utf8("request"));
  const expected = { credentials: [credential], origin: "https://chat.example", rpId: "chat.example", challenge };
  const clientData = { type: "webauthn.get", challenge: toBase64Url(challenge), origin: expected.origin, crossOrigin: false };
  const sign = (json: string, flags = 0x05, extra: Bytes = new Uint8Array(0), rpId = expected.rpId): PasskeyAssertionBytes => {
    const authenticatorData = concat(primitives.sha256(utf8(rpId)), Uint8Array.of(flags, 0, 0, 0, 1), extra);
    const clientDataJson = utf8(json);
    const signature = createSign("sha256")
      .update(concat(authenticatorData, primitives.sha256(clientDataJson)))
      .sign(privateKey);
    return { credentialId: credential.credentialId, clientDataJson, authenticatorData, signature: new Uint8Array(signature) };
  };
  return { expected, clientData, sign };
}

describe("signed by the right key, and wrong all the same", () => {
  const { expected, clientData, sign } = softwareKey();
  const json = (change: object = {}): string => JSON.stringify({ ...clientData, ...change });
  test.each([
    ["ok", sign(json())],
    ["ok", sign(json({ crossOrigin: undefined }))],
    ["ok", sign(json(), 0x85, utf8("extensions"))],
    ["other-purpose", sign(json({ type: "webauthn.create" }))],
    ["other-challenge", sign(json({ challenge: clientData.challenge.slice(0, -1) }))],
    ["other-origin", sign(json({ origin: "https://chat.example.evil" }))],
    ["other-origin", sign(json({ origin: "http://chat.example" }))],
    ["other-origin", sign(json({ crossOrigin: true }))],
    ["other-party", sign(json(), 0x05, undefined, "evil.example")],
    ["unverified-user", sign(json(), 0x01)],
    ["unverified-user", sign(json(), 0x04)],
    ["malformed", sign(json(), 0x45, utf8("a new credential"))],
    ["malformed", sign(json(), 0x05, utf8("bytes without their flag"))],
    ["malformed", sign(json(), 0x85)],
    ["malformed", sign(json({ origin: 7 }))],
    ["malformed", sign(json({ crossOrigin: "false" }))],
    ["malformed", sign("null")],
    ["malformed", sign("{")],
    ["malformed", sign(json({ padding: "x".repeat(5_000) }))],
  ] as const)("%s", async (kind, assertion) => expect(await kindOf(expected, assertion)).toBe(kind));
});

describe("ten thousand changes", () => {
  test("of an assertion: none is taken, none throws", async () => {
    const { expected, assertion } = read(tests[1]!);
    const field = fc.constantFrom("clientDataJson", "authenticatorData", "signature", "credentialId" as const);
    const change = fc.record({
      at: fc.nat(400),
      xor: fc.integer({ min: 1, max: 255 }),
      how: fc.constantFrom("flip", "cut", "grow" as const),
    });
    await fc.assert(
      fc.asyncProperty(field, change, async (name, { at, xor, how }) => {
        const bytes = assertion[name].slice();
        if (how === "flip") bytes[at % bytes.length]! ^= xor;
        const changed = how === "flip" ? bytes : how === "cut" ? bytes.slice(0, at % bytes.length) : concat(bytes, Uint8Array.of(xor));
        expect(await kindOf(expected, { ...assertion, [name]: changed })).not.toBe("ok");
      }),
      { numRuns: 10_000, seed: 7 },
    );
  });
  test("bytes of no meaning are no signature in DER", () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const raw = ecdsaFromDer(bytes);
        expect(raw === undefined || raw.length === 64).toBe(true);
      }),
      { numRuns: 10_000, seed: 8 },
    ));
});

test("a public key of another kind is no passkey of ours", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  expect(pointOfSpki(publicKey.export({ format: "der", type: "spki" }))).toBeUndefined();
  expect(pointOfSpki(hex(tests[0]!["spki"]).slice(0, -1))).toBeUndefined();
  expect(pointOfSpki(concat(hex(tests[0]!["spki"]), Uint8Array.of(0)))).toBeUndefined();
});
