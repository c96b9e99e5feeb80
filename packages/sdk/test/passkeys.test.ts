/**
 * Links of an account with passkeys, between real clients over a real server. The authenticator is of software: it does what a browser does,
 * and what a browser on a fake page does. A fake page that relays the code can bring no passkey of our origin.
 */
import { createHash, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteDatabase } from "@hawser/io-node";
import { startServer } from "@hawser/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HawserClient, PasskeyAnswer, PasskeyRequest } from "../src/node/index.ts";
import { say } from "./middle.ts";
import { linkStage, until, World } from "./world.ts";

const world = new World();
beforeAll(() => world.start());
afterAll(() => world.stop());

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64url");

class Authenticator {
  readonly credentialId = base64url(`credential ${Math.random()}`);
  readonly spki: string;
  readonly #key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#key = privateKey;
    this.spki = base64url(publicKey.export({ format: "der", type: "spki" }));
  }

  /** The page's origin is the browser's word, not the page's. */
  answer({ rpId, challenge }: PasskeyRequest, pageOrigin: string): PasskeyAnswer {
    const clientData = Buffer.from(JSON.stringify({ type: "webauthn.get", challenge, origin: pageOrigin, crossOrigin: false }));
    const data = Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.from([5, 0, 0, 0, 1])]);
    const signature = createSign("sha256").update(data).update(createHash("sha256").update(clientData).digest()).sign(this.#key);
    const { credentialId } = this;
    return { credentialId, clientDataJson: base64url(clientData), authenticatorData: base64url(data), signature: base64url(signature) };
  }
}

async function phoneWithPasskey(handle: string, required: boolean): Promise<{ phone: HawserClient; authenticator: Authenticator }> {
  const phone = await world.account(handle);
  const authenticator = new Authenticator();
  const { credentialId, spki } = authenticator;
  await phone.addPasskey({ credentialId, spki, rpId: "127.0.0.1" });
  await phone.setPasskeyRequired(required);
  return { phone, authenticator };
}

/** Up to the comparison on both sides. */
async function meet(phone: HawserClient, name: string, passkeys: boolean): Promise<HawserClient> {
  const companion = world.open(name);
  await companion.startLink({ deviceName: name, platform: "test", passkeys });
  await phone.openLinkCode((await linkStage(companion, "waiting-for-scan")).uri!);
  await Promise.all([linkStage(companion, "comparing"), linkStage(phone, "comparing")]);
  return companion;
}
const attemptOf = async (phone: HawserClient) => (await phone.linkStatus())!.attempt!;
const checked = (phone: HawserClient, state: string): Promise<void> =>
  until(phone, async () => (await phone.linkStatus())?.passkeyCheck?.state === state);

test("a companion that shows the passkey is let in by one word, and every device of the account hears of the passkey", async () => {
  const { phone, authenticator } = await phoneWithPasskey("anna", true);
  const laptop = await meet(phone, "annas-laptop", true);
  await checked(phone, "awaited");
  await expect(phone.approveLink(await attemptOf(phone))).rejects.toMatchObject({ code: "MATCH_CODE_WRONG" });
  const { passkeyRequest } = (await laptop.linkStatus())!;
  expect(passkeyRequest).toMatchObject({ rpId: "127.0.0.1", credentialIds: [authenticator.credentialId] });
  await laptop.answerLinkPasskey(authenticator.answer(passkeyRequest!, world.server.origin));
  await checked(phone, "verified");
  await phone.approveLink(await attemptOf(phone));
  await until(laptop, async () => (await laptop.state()).phase === "ready");
  const settings = await phone.passkeySettings();
  expect(settings).toMatchObject({ required: true, passkeys: [{ credentialId: authenticator.credentialId, rpId: "127.0.0.1" }] });
  await until(laptop, async () => JSON.stringify(await laptop.passkeySettings()) === JSON.stringify(settings));
  await expect(laptop.removePasskey(authenticator.credentialId)).rejects.toMatchObject({ code: "WRONG_ROLE" });
  await expect(laptop.setPasskeyRequired(false)).rejects.toMatchObject({ code: "WRONG_ROLE" });
});

test("a fake page relays the genuine code and even gets the person's passkey: its address is in what was signed, and both sides say so", async () => {
  const { phone, authenticator } = await phoneWithPasskey("bora", false);
  const attacker = await meet(phone, "boras-attacker", true);
  const { passkeyRequest } = (await attacker.linkStatus())!;
  await attacker.answerLinkPasskey(authenticator.answer(passkeyRequest!, "https://hawser-login.example"));
  await until(phone, async () => (await phone.linkStatus())?.error?.name === "PASSKEY_OTHER_ORIGIN");
  await until(attacker, async () => (await attacker.linkStatus())?.error?.name === "PASSKEY_OTHER_ORIGIN");
  expect(await phone.devices()).toHaveLength(1);
  expect((await attacker.state()).self).toBeUndefined();
});

test("an assertion of an earlier attempt is worth nothing in the next", async () => {
  const { phone, authenticator } = await phoneWithPasskey("cemre", false);
  const first = await meet(phone, "cemres-first", true);
  const old = authenticator.answer((await first.linkStatus())!.passkeyRequest!, world.server.origin);
  await phone.rejectLink(await attemptOf(phone));
  const second = await meet(phone, "cemres-second", true);
  await second.answerLinkPasskey(old);
  await until(phone, async () => (await phone.linkStatus())?.error?.name === "PASSKEY_INVALID");
});

test.each([
  ["a terminal, which has none", false],
  ["a browser whose person goes on without", true],
])("%s: the digits of its screen let it in, wrong ones do not", async (_name, passkeys) => {
  const { phone } = await phoneWithPasskey(`deniz${String(passkeys)}`, false);
  const companion = await meet(phone, `deniz-${String(passkeys)}`, passkeys);
  if (passkeys) await companion.answerLinkPasskey();
  await checked(phone, "missing");
  const { matchCode } = (await companion.linkStatus())!;
  const attempt = await attemptOf(phone);
  const wrong = matchCode === "000 000" ? "111111" : "000000";
  await expect(phone.approveLink(attempt, { typedCode: wrong })).rejects.toMatchObject({ code: "MATCH_CODE_WRONG" });
  await phone.approveLink(attempt, { typedCode: matchCode! });
  await until(companion, async () => (await companion.state()).phase === "ready");
});

test("an account that insists refuses a device without one; having taken the passkey away it lets it in again", async () => {
  const { phone, authenticator } = await phoneWithPasskey("elif", true);
  const refused = world.open("elifs-refused");
  await refused.startLink({ deviceName: "x", platform: "test" });
  await phone.openLinkCode((await linkStage(refused, "waiting-for-scan")).uri!);
  await until(refused, async () => (await refused.linkStatus())?.error?.name === "PASSKEY_REQUIRED");
  await until(phone, async () => (await phone.linkStatus())?.error?.name === "PASSKEY_REQUIRED");
  await phone.removePasskey(authenticator.credentialId);
  expect(await phone.passkeySettings()).toEqual({ required: false, passkeys: [] });
  const welcome = await meet(phone, "elifs-welcome", false);
  await phone.approveLink(await attemptOf(phone));
  await until(welcome, async () => (await welcome.state()).phase === "ready");
});

test("a stolen companion can neither put a passkey of its own in, nor take the real one out, nor bring an old list back", async () => {
  const { phone, authenticator } = await phoneWithPasskey("gul", false);
  const store = openSqliteDatabase(join(world.folder, "guls-stolen.db"));
  const stolen = world.open("guls-stolen", { database: store });
  await stolen.startLink({ deviceName: "stolen", platform: "test" });
  await phone.openLinkCode((await linkStage(stolen, "waiting-for-scan")).uri!);
  await linkStage(phone, "comparing");
  await phone.approveLink(await attemptOf(phone), { typedCode: (await linkStage(stolen, "comparing")).matchCode! });
  await until(stolen, async () => (await stolen.passkeySettings()).passkeys.length === 1);
  const entry = store.prepare("SELECT value FROM state_entries WHERE collection = 'passkeys'").get<{ value: Uint8Array }>();
  const old = entry!.value.slice();
  await phone.setPasskeyRequired(true);
  await until(stolen, async () => (await stolen.passkeySettings()).required);

  // SignedPasskeyList { payload: PasskeyList { number: 99 }, signature: nobody's }: an empty list, newer than all.
  const forged = Uint8Array.of(0x0a, 2, 0x08, 99, 0x12, 64, ...new Uint8Array(64));
  const { account, device } = (await stolen.state()).self!;
  const later = { collection: "passkeys", key: "", timeMs: BigInt(Date.now() + 60_000), counter: 0, device };
  const updates = [forged, old, new Uint8Array(0)].map((value) => ({ ...later, value }));
  await say(stolen, store, { to: account, body: { case: "state", value: { updates } } });
  await stolen.setDisplayName("heard after it");
  await until(phone, async () => (await phone.state()).self?.displayName === "heard after it");
  expect(await phone.passkeySettings()).toMatchObject({ required: true, passkeys: [{ credentialId: authenticator.credentialId }] });
});

test("what is no passkey of ours is not kept", async () => {
  const phone = await world.account("figen");
  await expect(phone.addPasskey({ credentialId: "AQ", spki: "AQ", rpId: "127.0.0.1" })).rejects.toMatchObject({ code: "PASSKEY_UNUSABLE" });
  expect((await phone.passkeySettings()).passkeys).toEqual([]);
});

/** Every way a code can take to a phone; each brings the account's question for a passkey with it. */
const ROUTES: Readonly<Record<string, (phone: HawserClient, companion: HawserClient) => Promise<unknown>>> = {
  "a code that is scanned or pasted": async (phone, companion) => phone.openLinkCode((await linkStage(companion, "waiting-for-scan")).uri!),
  "letters that are typed": async (phone, companion) => {
    await until(companion, async () => (await companion.linkStatus())?.typedCode !== undefined);
    return phone.openTypedCode((await companion.linkStatus())!.typedCode!);
  },
  "the code that the phone shows": async (phone, companion) => {
    await linkStage(companion, "waiting-for-scan");
    await phone.showReverseCode();
    return companion.openReverseCode((await linkStage(phone, "waiting-for-scan")).uri!);
  },
};

/** Nothing is signed before the passkey was shown; with it the link finishes. */
async function finishWithPasskey(
  phone: HawserClient,
  companion: HawserClient,
  authenticator: Authenticator,
  newPhone = false,
): Promise<void> {
  await Promise.all([linkStage(companion, "comparing"), linkStage(phone, "comparing")]);
  await checked(phone, "awaited");
  await expect(phone.approveLink(await attemptOf(phone), { newPhone })).rejects.toMatchObject({ code: "MATCH_CODE_WRONG" });
  const { passkeyRequest } = (await companion.linkStatus())!;
  await companion.answerLinkPasskey(authenticator.answer(passkeyRequest!, world.server.origin));
  await checked(phone, "verified");
  await phone.approveLink(await attemptOf(phone), { newPhone });
  await until(companion, async () => (await companion.state()).phase === "ready");
  await until(phone, async () => (await phone.linkStatus())?.stage === "active");
}

test.each(Object.keys(ROUTES))("required, it finishes by %s", async (route) => {
  const number = Object.keys(ROUTES).indexOf(route);
  const { phone, authenticator } = await phoneWithPasskey(`route${number}`, true);
  const companion = world.open(`route${number}-companion`);
  await companion.startLink({ deviceName: "companion", platform: "test", passkeys: true, typedCode: true });
  await ROUTES[route]!(phone, companion);
  await finishWithPasskey(phone, companion, authenticator);
});

test("required, it finishes when the account moves to another phone", async () => {
  const { phone, authenticator } = await phoneWithPasskey("mover", true);
  const next = world.open("movers-next");
  await next.startLink({ deviceName: "next", platform: "test", passkeys: true, as: "phone" });
  await phone.openLinkCode((await linkStage(next, "waiting-for-scan")).uri!);
  await finishWithPasskey(phone, next, authenticator, true);
  expect((await next.state()).role).toBe("phone");
});

test("required, it finishes over another node when the own server's linking is away", async () => {
  const folder = mkdtempSync(join(tmpdir(), "hawser-node-"));
  const node = await startServer({ dataDir: folder, registration: "closed", logLevel: "silent" });
  await world.server.stop();
  await world.start({ linkNodes: [node.url] });
  try {
    const { phone, authenticator } = await phoneWithPasskey("elsewhere", true);
    const companion = world.open("elsewheres-companion");
    await companion.startLink({ deviceName: "companion", platform: "test", passkeys: true });
    const { uri } = await linkStage(companion, "waiting-for-scan");
    await until(companion, () => Promise.resolve(node.connections() > 0));
    world.server.takeOut("rendezvous");
    await phone.openLinkCode(uri!);
    await finishWithPasskey(phone, companion, authenticator);
  } finally {
    world.server.putBack("rendezvous");
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
