/** Both machines over the real cryptography: a whole link, and what forged or damaged slots come to. */
import { fromBase64Url, must, toBase64Url } from "@hawser/base";
import { accountIdToBytes } from "@hawser/base";
import { accountIdOf, extendDeviceList, purePrimitives, type VerifiedDeviceList } from "@hawser/crypto";
import { DeviceKind } from "@hawser/wire";
import { expect, test } from "vitest";
import { companionStatus } from "./companion-view.ts";
import { INITIAL_COMPANION, INITIAL_PHONE, parseLinkCode, phoneStatus, runLinkJob, stepCompanion, stepPhone } from "./index.ts";
import type { CompanionEffect, CompanionInput, PhoneEffect, PhoneInput } from "./link-effects.ts";
import type { CompanionState } from "./companion-state.ts";
import type { PhoneState } from "./phone-state.ts";
import { ORIGIN, seededRandom } from "./test-world.ts";

const NOW_MS = 1_700_000_000_000;
const bytes = (text: string) => fromBase64Url(text)!;

/** Carries a link from scan to active; `damage` may change a slot's body on its way. `foreign` certifies other keys. */
async function link(
  options: { refuseDecision?: boolean; cancel?: boolean; damage?: (key: string, body: string) => string; foreign?: boolean } = {},
) {
  const random = seededRandom(3);
  const context = { nowMs: NOW_MS, random };
  const seed = random.bytes(32);
  const phoneDevice = {
    kind: DeviceKind.PHONE,
    signingKey: purePrimitives.ed25519PublicKey(random.bytes(32)),
    dhKey: purePrimitives.x25519PublicKey(random.bytes(32)),
    attemptId: new Uint8Array(0),
    sealedLabel: new Uint8Array(0),
  };
  const first: VerifiedDeviceList = must(extendDeviceList(purePrimitives, seed, undefined, { nowMs: NOW_MS, add: [phoneDevice] }));
  const accountId = toBase64Url(accountIdToBytes(accountIdOf(purePrimitives, purePrimitives.ed25519PublicKey(seed))));
  let companion: CompanionState = INITIAL_COMPANION;
  let phone: PhoneState = INITIAL_PHONE;
  const queue: ({ side: "c"; effect: CompanionEffect<CompanionState> } | { side: "p"; effect: PhoneEffect<PhoneState> })[] = [];
  const tellC = (input: CompanionInput): void => {
    const step = stepCompanion(companion, input, context);
    companion = step.state;
    queue.push(...step.effects.map((effect) => ({ side: "c" as const, effect })));
  };
  const tellP = (input: PhoneInput): void => {
    const step = stepPhone(phone, input, context);
    phone = step.state;
    queue.push(...step.effects.map((effect) => ({ side: "p" as const, effect })));
  };
  const codes: (string | undefined)[] = [];
  tellC({ type: "start", origin: ORIGIN, deviceName: "Laptop", platform: "Chromium 156 on Linux" });
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { side, effect } = next;
    const tell = (input: CompanionInput & PhoneInput): void => (side === "c" ? tellC(input) : tellP(input));
    if (effect.type === "crypto")
      tell({ type: "crypto-result", effectId: effect.effectId, result: await runLinkJob(purePrimitives, effect.job) });
    else if (effect.type === "rendezvous-put") {
      const { rendezvousId, index } = effect;
      if (index === 1 && side === "p" && options.refuseDecision === true) {
        tellP({ type: "put-result", effectId: effect.effectId, result: { ok: false, error: "NOT_AUTHENTICATED", retryAfterMs: 0 } });
        continue;
      }
      const slot = {
        type: "slot",
        rendezvousId,
        index,
        body: options.damage?.(`${effect.side}${index}`, effect.body) ?? effect.body,
      } as const;
      tell({ type: "put-result", effectId: effect.effectId, result: { ok: true } });
      if (side === "c") tellP(slot);
      else tellC(slot);
    } else if (effect.type === "sign-list") {
      const signingKey = options.foreign === true ? purePrimitives.ed25519PublicKey(random.bytes(32)) : bytes(effect.signingKey);
      const add = [
        {
          kind: DeviceKind.COMPANION,
          signingKey,
          dhKey: bytes(effect.dhKey),
          attemptId: bytes(effect.attemptId),
          sealedLabel: new Uint8Array(0),
        },
      ];
      const second = must(extendDeviceList(purePrimitives, seed, first, { nowMs: NOW_MS, add }));
      const lists = [first, second].map(({ entry }) => ({ payload: toBase64Url(entry.payload), signature: toBase64Url(entry.signature) }));
      tellP({
        type: "list-signed",
        effectId: effect.effectId,
        result: {
          ok: true,
          approval: { device: 2, lists, stateKey: toBase64Url(random.bytes(32)), handle: "ayse", displayName: "Ayşe", phoneDevice: 1 },
        },
      });
    } else if (effect.type === "check-activity") {
      if (options.refuseDecision === true) tellP({ type: "activity", effectId: effect.effectId, everConnected: false });
    } else if (effect.type === "undo-list") tellP({ type: "list-undone", effectId: effect.effectId, done: true });
    else if (effect.type === "activate") tellC({ type: "activated" });
    if (companion.kind === "waiting-for-scan" && phone.kind === "idle") {
      const code = must(parseLinkCode(companionStatus(companion).uri!, ORIGIN));
      tellP({ type: "scan", code, account: { accountId, handle: "ayse", origin: ORIGIN }, failuresInARow: 0 });
    }
    if (phone.kind === "comparing") {
      codes.push(phoneStatus(phone).matchCode, companionStatus(companion).matchCode);
      if (options.cancel !== true) tellP({ type: "approve" });
      else if (companion.kind === "comparing") tellC({ type: "cancel" });
    }
  }
  return { companion, phone, codes };
}

test("an end is read without the decision that never came", async () => {
  const { companion, phone } = await link({ refuseDecision: true });
  expect(phone).toMatchObject({ kind: "failed", error: "SERVER_REFUSED", toldByOther: false });
  expect(companion).toMatchObject({ kind: "failed", error: "SERVER_REFUSED", toldByOther: true });
});

test("a companion that gives up while the phone compares", async () => {
  const { companion, phone } = await link({ cancel: true });
  expect([companion.kind, phone.kind]).toEqual(["failed", "failed"]);
  expect(phone).toMatchObject({ error: "CANCELLED", toldByOther: true });
});

test.each([
  ["phone2", { refuseDecision: true }, "companion"],
  ["companion2", { cancel: true }, "phone"],
] as const)("one damaged bit in %s: no end of this attempt", async (slot, how, who) => {
  const sides = await link({ ...how, damage: flip(slot) });
  expect(sides[who]).toMatchObject({ kind: "failed", error: "CHANNEL_TAMPERED", toldByOther: false });
});

/** Turns one bit near the end, where the ciphertext is. */
const flip =
  (which: string) =>
  (key: string, body: string): string => {
    if (key !== which) return body;
    const damaged = bytes(body);
    damaged[damaged.length - 20]! ^= 1;
    return toBase64Url(damaged);
  };

test("a whole link", async () => {
  const { companion, phone, codes } = await link();
  expect([companion.kind, phone.kind]).toEqual(["active", "active"]);
  expect(codes[0]).toMatch(/^\d{3} \d{3}$/);
  expect(codes[1]).toBe(codes[0]);
  expect(phoneStatus(phone).peer).toEqual({ name: "Laptop", platform: "Chromium 156 on Linux", origin: ORIGIN, kind: "companion" });
});

test.each([
  ["phone0", "companion"],
  ["companion0", "phone"],
  ["phone1", "companion"],
] as const)("one damaged bit in %s: the %s says so", async (slot, who) => {
  const sides = await link({ damage: flip(slot) });
  expect(sides[who]).toMatchObject({ kind: "failed", error: "CHANNEL_TAMPERED" });
  expect(sides.companion.kind).not.toBe("active");
});

test("one damaged bit in the companion's last word: the phone asks the server instead of believing it", async () => {
  const { companion, phone } = await link({ damage: flip("companion1") });
  expect(companion.kind).toBe("active");
  expect(phone.kind).toBe("checking-activity");
});

test("a list that certifies other keys is not activated", async () => {
  const { companion } = await link({ foreign: true });
  expect(companion).toMatchObject({ kind: "failed", error: "LIST_INVALID" });
});

test("damaged bytes of every kind are a result, not a throw", async () => {
  for (const junk of ["", "A", "!!", "AQ", toBase64Url(new Uint8Array(70_000))]) {
    const { companion, phone } = await link({ damage: (key, body) => (key === "phone0" ? junk : body) });
    expect(companion).toMatchObject({ kind: "failed", error: "CHANNEL_TAMPERED" });
    expect(phone.kind).toBe("offering");
  }
});
