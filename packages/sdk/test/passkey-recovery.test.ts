/**
 * Accounts that come back by a passkey, between real clients over a real server. The authenticator is of software: for a question it
 * computes 32 bytes that nobody else can. What a server, a thief of its database or a stolen companion can do stands in the second half.
 */
import { createHash, createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HawserClient, PASSKEY_PRF_INPUT } from "../src/node/index.ts";
import { hasText, until, World } from "./world.ts";

const world = new World();
/** All the tries here come from one address. */
const start = () => world.start({ limits: { requests: { recoveryGet: { burst: 1e6, refillMs: 1 } } } });
beforeAll(start);
afterAll(() => world.stop());

class Authenticator {
  readonly credentialId = randomBytes(16).toString("base64url");
  readonly spki = generateKeyPairSync("ec", { namedCurve: "P-256" })
    .publicKey.export({ format: "der", type: "spki" })
    .toString("base64url");
  readonly #secret = randomBytes(32);

  /** WebAuthn Level 3, 10.1.4: browsers hash a label in front of what a page gives. */
  prf(input: Uint8Array = PASSKEY_PRF_INPUT): Uint8Array {
    const salt = createHash("sha256").update("WebAuthn PRF\0").update(input).digest();
    return new Uint8Array(createHmac("sha256", this.#secret).update(salt).digest());
  }

  async addTo(phone: HawserClient, recovers = true): Promise<this> {
    const { credentialId, spki } = this;
    await phone.addPasskey({ credentialId, spki, rpId: "127.0.0.1" });
    if (recovers) await phone.addRecoveryPasskey({ credentialId, prfOutput: this.prf() });
    return this;
  }
}

let opened = 0;
const restore = (prfOutput: Uint8Array, client = world.open(`restored-${opened++}`)) =>
  client.restoreAccount({ prfOutput, deviceName: "new phone" });
const code = (name: string) => ({ code: name });

describe("an account comes back", () => {
  test("by the passkey alone, without its handle: companions stay, the lost phone is out, chats come back", async () => {
    const anna = await world.account("anna");
    const bela = await world.account("bela");
    const { ab, ba } = await world.befriend(anna, bela);
    await anna.sendMessage({ conversation: ab, text: "before" });
    const laptop = await world.link(anna, "annas-laptop");
    await hasText(laptop, ab, "before");
    const passkey = await new Authenticator().addTo(anna);
    const phone = world.open("annas-new-phone");
    const self = await restore(passkey.prf(), phone);
    expect(self).toMatchObject({ account: (await laptop.state()).self!.account, handle: "anna" });
    await until(anna, async () => (await anna.state()).phase === "revoked");
    expect((await anna.state()).revocation?.reason).toBe("replaced");
    await hasText(phone, ab, "before");
    await bela.sendMessage({ conversation: ba, text: "to the new phone" });
    await hasText(phone, ab, "to the new phone");
    expect((await laptop.state()).phase).toBe("ready");
    // The laptop knows the list.
    await until(phone, async () => (await phone.passkeySettings()).passkeys.length === 1);
    expect((await phone.state()).notice).toBeUndefined();
    // It stays good for the next time.
    expect((await restore(passkey.prf())).account).toBe(self.account);
  }, 40_000);

  test("by either of two passkeys, or by the code: each stands by itself, is replaced and is removed by itself", async () => {
    const phone = await world.account("cemre");
    expect(await phone.recoveryState()).toEqual({ code: undefined, passkeys: [] });
    const recoveryCode = await phone.createRecoveryCode();
    const [first, second] = [await new Authenticator().addTo(phone), await new Authenticator().addTo(phone)];
    await phone.addRecoveryPasskey({ credentialId: first.credentialId, prfOutput: first.prf() });
    const state = await phone.recoveryState();
    expect(state.code?.sinceMs).toBeGreaterThan(0);
    expect(new Set(state.passkeys.map(({ credentialId }) => credentialId))).toEqual(new Set([first.credentialId, second.credentialId]));
    expect(state.passkeys).toHaveLength(2);
    await phone.removeRecovery(state.passkeys.find(({ credentialId }) => credentialId === first.credentialId)!.id);
    await expect(restore(first.prf())).rejects.toMatchObject(code("PASSKEY_UNKNOWN"));
    expect((await phone.passkeySettings()).passkeys).toHaveLength(2);
    await phone.removeRecovery();
    expect(await phone.recoveryState()).toMatchObject({ code: undefined, passkeys: [{ credentialId: second.credentialId }] });
    const lost = world.open("cemres-lost");
    await expect(lost.restoreAccount({ handle: "cemre", recoveryCode, deviceName: "x" })).rejects.toMatchObject(code("RECOVERY_UNKNOWN"));
    const next = world.open("cemres-next");
    await restore(second.prf(), next);
    const again = await next.createRecoveryCode();
    await world.open("cemres-last").restoreAccount({ handle: "cemre", recoveryCode: again, deviceName: "x" });
    await restore(second.prf());
  }, 40_000);

  test("the phone it comes back on knows no list of passkeys, sees what still opens the account, and can take it away", async () => {
    const passkey = await new Authenticator().addTo(await world.account("defne"));
    let phone = world.open("defnes-new-phone");
    await restore(passkey.prf(), phone);
    const { passkeys } = await phone.recoveryState();
    expect(passkeys).toMatchObject([{ credentialId: undefined }]);
    expect([(await phone.state()).notice, (await phone.passkeySettings()).passkeys]).toEqual(["restored-alone", []]);
    await world.close("defnes-new-phone");
    phone = world.open("defnes-new-phone");
    expect((await phone.state()).notice).toBe("restored-alone");
    // It is over once there is a list again.
    await new Authenticator().addTo(phone, false);
    expect((await phone.state()).notice).toBeUndefined();
    await phone.removeRecovery(passkeys[0]!.id);
    await expect(restore(passkey.prf())).rejects.toMatchObject(code("PASSKEY_UNKNOWN"));
  });
});

describe("a passkey that is taken off the list restores nothing any more", () => {
  test("at once, when the server is there", async () => {
    const phone = await world.account("elif");
    const [passkey, other] = [await new Authenticator().addTo(phone), await new Authenticator().addTo(phone)];
    await phone.removePasskey(passkey.credentialId);
    expect((await phone.recoveryState()).passkeys).toMatchObject([{ credentialId: other.credentialId }]);
    await expect(restore(passkey.prf())).rejects.toMatchObject(code("PASSKEY_UNKNOWN"));
  });

  test("when the server is back, also after a restart of the phone", async () => {
    const phone = await world.account("figen");
    const passkey = await new Authenticator().addTo(phone);
    await world.server.stop();
    await until(phone, async () => (await phone.state()).connection.kind !== "online");
    await phone.removePasskey(passkey.credentialId);
    await world.close("figen");
    await start();
    const again = world.open("figen");
    await until(again, async () => (await again.state()).connection.kind === "online");
    // One queue: what was to be told has been told when this is done.
    await again.createRecoveryCode();
    await expect(restore(passkey.prf())).rejects.toMatchObject(code("PASSKEY_UNKNOWN"));
    await passkey.addTo(again);
    await restore(passkey.prf());
  });
});

describe("nobody else gets in", () => {
  test("what no authenticator of the account computed is refused, and changes nothing", async () => {
    const phone = await world.account("gul");
    const passkey = await new Authenticator().addTo(phone, false);
    const add = (prfOutput: Uint8Array, credentialId = passkey.credentialId) => phone.addRecoveryPasskey({ credentialId, prfOutput });
    for (const size of [0, 16, 33]) await expect(add(new Uint8Array(size))).rejects.toMatchObject(code("PASSKEY_UNUSABLE"));
    await expect(add(passkey.prf(), new Authenticator().credentialId)).rejects.toMatchObject(code("PASSKEY_UNUSABLE"));
    await expect(add(passkey.prf(), "no base64url!")).rejects.toMatchObject(code("PASSKEY_UNUSABLE"));
    expect((await phone.recoveryState()).passkeys).toEqual([]);
    await add(passkey.prf());
    const client = world.open("guls-thief");
    await expect(restore(new Uint8Array(31), client)).rejects.toMatchObject(code("PASSKEY_UNUSABLE"));
    await expect(restore(new Authenticator().prf(), client)).rejects.toMatchObject(code("PASSKEY_UNKNOWN"));
    await expect(restore(passkey.prf(new TextEncoder().encode("another page's question")), client)).rejects.toMatchObject(
      code("PASSKEY_UNKNOWN"),
    );
    expect((await client.state()).self).toBeUndefined();
    expect((await phone.state()).phase).toBe("ready");
  });

  test("a companion, stolen or not, neither sees, nor adds, nor removes", async () => {
    const phone = await world.account("hale");
    const companion = await world.link(phone, "hales-laptop");
    const passkey = await new Authenticator().addTo(phone);
    const { id } = (await phone.recoveryState()).passkeys[0]!;
    for (const call of [
      () => companion.recoveryState(),
      () => companion.addRecoveryPasskey({ credentialId: passkey.credentialId, prfOutput: passkey.prf() }),
      () => companion.removeRecovery(id),
      () => companion.removeRecovery(),
    ])
      await expect(call()).rejects.toMatchObject(code("WRONG_ROLE"));
    expect((await phone.recoveryState()).passkeys).toHaveLength(1);
  });

  test("a server that swaps capsules, says another account, or gives an old one restores nothing but what it always was", async () => {
    const [inci, jale] = [await world.account("inci"), await world.account("jale")];
    const { account } = (await inci.state()).self!;
    const [hers, other] = [await new Authenticator().addTo(inci), await new Authenticator().addTo(jale)];
    const directory = new DatabaseSync(join(world.folder, "server", "directory.db"));
    const hash = (passkey: Authenticator): Uint8Array =>
      createHash("sha256").update(Buffer.from(passkey.credentialId, "base64url")).digest();
    const row = (passkey: Authenticator) =>
      directory.prepare("SELECT account, capsule FROM passkey_capsules WHERE credential_hash = ?").get(hash(passkey)) as {
        account: Uint8Array;
        capsule: Uint8Array;
      };
    const set = (passkey: Authenticator, { account, capsule }: { account: Uint8Array; capsule: Uint8Array }): void =>
      void directory
        .prepare("UPDATE passkey_capsules SET account = ?, capsule = ? WHERE credential_hash = ?")
        .run(account, capsule, hash(passkey));
    const [genuine, foreign] = [row(hers), row(other)];
    const changed = genuine.capsule.slice();
    changed[60]! ^= 1;
    for (const wrong of [
      { ...genuine, capsule: foreign.capsule },
      { ...genuine, account: foreign.account },
      foreign,
      { ...genuine, capsule: changed },
      { ...genuine, capsule: genuine.capsule.slice(1) },
      { ...genuine, account: new Uint8Array(3) },
    ]) {
      set(hers, wrong);
      await expect(restore(hers.prf())).rejects.toMatchObject(code("RECOVERY_ANSWER_INVALID"));
    }
    set(hers, genuine);
    await inci.addRecoveryPasskey({ credentialId: hers.credentialId, prfOutput: hers.prf() });
    expect(row(hers).capsule).not.toEqual(genuine.capsule);
    set(hers, genuine);
    directory.close();
    expect((await restore(hers.prf())).account).toBe(account);
    await until(inci, async () => (await inci.state()).phase === "revoked");
    expect((await jale.state()).phase).toBe("ready");
  }, 40_000);
});
