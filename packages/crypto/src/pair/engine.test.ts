import { must, ok, utf8 } from "@hawser/base";
import { describe, expect, it } from "vitest";
import { createPairEngine, purePrimitives } from "../index.ts";
const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) };
const ctx = { nowMs: 1, random };
describe("smoke", () => {
  it("talks", () => {
    const e = createPairEngine(purePrimitives);
    const a = e.newIdentity(ctx), b = e.newIdentity(ctx);
    const s = e.newSignedPreKey(1, b, ctx), k = e.newKemPreKey(2, b, ctx), o = e.newOneTimePreKey(3, ctx);
    const bundle = { identityDh: b.dhPublic, signPublic: b.signPublic, signedPreKey: s, kemPreKey: k, oneTimePreKey: o };
    const A = utf8("a"), B = utf8("b");
    let ra = must(e.initiate({ identity: a, bundle, localAddress: A, remoteAddress: B }, ctx));
    const m1 = must(e.encrypt(ra, utf8("hi"), ctx)); ra = m1.record;
    const d1 = must(e.decrypt({ message: m1.message, identity: b, remoteIdentityDh: a.dhPublic, localAddress: B, remoteAddress: A, preKeys: () => ok({ signed: s, kem: k, oneTime: o }) }, ctx));
    expect(d1.plaintext).toEqual(utf8("hi"));
    const m2 = must(e.encrypt(d1.record, utf8("yo"), ctx));
    const d2 = must(e.decrypt({ record: ra, message: m2.message, identity: a, remoteIdentityDh: b.dhPublic, localAddress: A, remoteAddress: B, preKeys: () => { throw 1; } }, ctx));
    expect(d2.plaintext).toEqual(utf8("yo"));
  });
});
