/** Invariants: only who saw the code reads or writes; both ends show the same digits; a slot opens as itself or not at all. */
import { fromHex, must, type Random, toHex, utf8 } from "@hawser/base";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { purePrimitives } from "../pure-primitives.ts";
import { type LinkCode, newLinkKeys, openLinkChannelCompanion, openLinkChannelPhone } from "./link-channel.ts";

const fill = (byte: number): Random => ({ bytes: (size) => new Uint8Array(size).fill(byte) });
const code: LinkCode = { rendezvousId: new Uint8Array(16).fill(1), secret: new Uint8Array(32).fill(2) };
const keys = newLinkKeys(purePrimitives, fill(3));

async function open(companionCode: LinkCode = code, companionKeys = keys) {
  const phone = must(await openLinkChannelPhone(purePrimitives, { code, companionPublicKey: keys.publicKey, random: fill(4) }));
  const companion = must(
    await openLinkChannelCompanion(purePrimitives, { code: companionCode, keys: companionKeys, encapsulatedKey: phone.encapsulatedKey }),
  );
  return { phone: phone.channel, companion, encapsulatedKey: phone.encapsulatedKey };
}

test("RFC 9180 A.2.2: the library and this package's choice of suite give the vector's bytes", async () => {
  const { tests } = JSON.parse(readFileSync(new URL("../../../../vectors/rfc9180-psk.json", import.meta.url), "utf8"));
  const [v] = tests;
  const bytes = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(fromHex(hex)!);
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
  const recipientPublicKey = await suite.kem.deserializePublicKey(bytes(v.pkRm));
  const params = { info: bytes(v.info), psk: { id: bytes(v.psk_id), key: bytes(v.psk) } };
  const sender = await suite.createSenderContext({ ...params, recipientPublicKey, ekm: bytes(v.ikmE) });
  const recipientKey = { privateKey: await suite.kem.deserializePrivateKey(bytes(v.skRm)), publicKey: recipientPublicKey };
  const recipient = await suite.createRecipientContext({ ...params, recipientKey, enc: sender.enc });
  expect(toHex(new Uint8Array(sender.enc))).toBe(v.enc);
  for (const { aad, ct } of v.encryptions) {
    expect(toHex(new Uint8Array(await sender.seal(bytes(v.pt), bytes(aad))))).toBe(ct);
    expect(toHex(new Uint8Array(await recipient.open(bytes(ct), bytes(aad))))).toBe(v.pt);
  }
  for (const { context, value } of v.exports) expect(toHex(new Uint8Array(await recipient.export(bytes(context), 32)))).toBe(value);
});

test("both directions, several slots", async () => {
  const { phone, companion } = await open();
  for (let slot = 0; slot < 3; slot++) {
    expect(await companion.open(slot, await phone.seal(slot, utf8(`offer ${slot}`)))).toEqual(utf8(`offer ${slot}`));
    expect(await phone.open(slot, await companion.seal(slot, utf8(`request ${slot}`)))).toEqual(utf8(`request ${slot}`));
  }
});

test("match code and binding agree at both ends, and depend on the request", async () => {
  const { phone, companion } = await open();
  expect(phone.channelBinding).toEqual(companion.channelBinding);
  expect(phone.matchCode(utf8("request"))).toMatch(/^\d{6}$/);
  expect(phone.matchCode(utf8("request"))).toBe(companion.matchCode(utf8("request")));
  expect(phone.matchCode(utf8("request"))).not.toBe(companion.matchCode(utf8("another request")));
});

test("without the code's secret, or with another rendezvous or key, nothing opens", async () => {
  for (const [otherCode, otherKeys] of [
    [{ ...code, secret: new Uint8Array(32).fill(9) }, keys],
    [{ ...code, rendezvousId: new Uint8Array(16).fill(9) }, keys],
    [code, newLinkKeys(purePrimitives, fill(8))],
  ] as const) {
    const { phone, companion } = await open(otherCode, otherKeys);
    expect(await companion.open(0, await phone.seal(0, utf8("offer")))).toBeUndefined();
    expect(await phone.open(0, await companion.seal(0, utf8("request")))).toBeUndefined();
    expect(companion.channelBinding).not.toEqual(phone.channelBinding);
  }
});

test("a slot moved, changed, or sent back to its sender does not open; the right one still does", async () => {
  const { phone, companion } = await open();
  const [offer, request] = [await phone.seal(0, utf8("offer")), await companion.seal(0, utf8("request"))];
  expect(await companion.open(1, offer)).toBeUndefined();
  expect(await phone.open(1, request)).toBeUndefined();
  expect(await companion.open(0, request)).toBeUndefined();
  expect(await phone.open(0, offer)).toBeUndefined();
  const changed = offer.slice();
  changed[0]! ^= 1;
  expect(await companion.open(0, changed)).toBeUndefined();
  expect(await companion.open(0, new Uint8Array(3))).toBeUndefined();
  expect(await companion.open(0, offer)).toEqual(utf8("offer"));
  expect(await phone.open(0, request)).toEqual(utf8("request"));
});

test("a slot is sealed once, in order", async () => {
  const { phone } = await open();
  await phone.seal(0, utf8("x"));
  await expect(phone.seal(0, utf8("y"))).rejects.toThrow("once, in order");
  await expect(phone.seal(2, utf8("y"))).rejects.toThrow("once, in order");
});

test("malformed and low-order keys are refused", async () => {
  for (const companionPublicKey of [new Uint8Array(31), new Uint8Array(32)]) {
    expect(await openLinkChannelPhone(purePrimitives, { code, companionPublicKey, random: fill(4) })).toEqual({
      ok: false,
      error: { kind: "bad-key" },
    });
  }
  expect(await openLinkChannelCompanion(purePrimitives, { code, keys, encapsulatedKey: new Uint8Array(32) })).toEqual({
    ok: false,
    error: { kind: "bad-key" },
  });
});

test("the same random bytes give the same ceremony", async () => {
  const [a, b] = [await open(), await open()];
  expect(a.encapsulatedKey).toEqual(b.encapsulatedKey);
  expect(await a.phone.seal(0, utf8("x"))).toEqual(await b.phone.seal(0, utf8("x")));
});
