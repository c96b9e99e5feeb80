/** The pair engine under the libsignal profile against the official library, as a black box, in both roles. */
import { describe, expect, test } from "vitest";
import { utf8 } from "../../packages/base/src/index.ts";
import { nodePrimitives } from "../../packages/io-node/src/primitives.ts";
import { purePrimitives } from "../../packages/crypto/src/index.ts";
import { LibsignalDevice } from "../src/libsignal-device.ts";
import { LIBSIGNAL_PROFILE } from "../src/libsignal-profile.ts";
import { OwnDevice } from "../src/own-device.ts";
import { seededRandom } from "../src/seeded-random.ts";

const SESSIONS = 1000;
const MESSAGES_PER_SESSION = 16;

interface UnderWay {
  readonly toOwn: boolean;
  readonly message: Uint8Array;
  readonly plaintext: Uint8Array;
}

test(`${SESSIONS} random sessions agree: loss, reordering, duplicates, both roles, simultaneous initiation, no one-time key`, async () => {
  const random = seededRandom("libsignal sessions 1");
  const chance = (per: number): boolean => random.below(100) < per;
  let delivered = 0;
  let duplicatesRefused = 0;
  let simultaneous = 0;
  for (let session = 0; session < SESSIONS; session++) {
    const own = new OwnDevice(session % 10 === 0 ? purePrimitives : nodePrimitives, random, LIBSIGNAL_PROFILE);
    const theirs = new LibsignalDevice();
    const both = chance(20);
    const ownFirst = chance(50);
    if (both) simultaneous++;
    const ownBundle = await own.publish(chance(70));
    const theirBundle = await theirs.publish(chance(70));
    if (both || ownFirst) await own.initiate(theirBundle);
    if (both || !ownFirst) await theirs.initiate(ownBundle);
    let ownCanSend = both || ownFirst;
    let theyCanSend = both || !ownFirst;

    const underWay: UnderWay[] = [];
    const deliver = async ({ toOwn, message, plaintext }: UnderWay): Promise<void> => {
      const run = (): Promise<Uint8Array> => (toOwn ? own.decrypt(message, theirs.identityDh) : theirs.decrypt(message));
      expect(await run()).toEqual(plaintext);
      delivered++;
      if (toOwn) ownCanSend = true;
      else theyCanSend = true;
      if (chance(15)) {
        await expect(run()).rejects.toThrow();
        duplicatesRefused++;
      }
    };
    for (let step = 0; step < MESSAGES_PER_SESSION; step++) {
      const fromOwn = ownCanSend && (!theyCanSend || chance(50));
      const plaintext = random.bytes(random.below(300));
      const message = fromOwn ? await own.encrypt(plaintext) : await theirs.encrypt(plaintext);
      underWay.push({ toOwn: !fromOwn, message, plaintext });
      while (underWay.length > 0 && chance(55)) {
        const [next] = underWay.splice(random.below(underWay.length), 1);
        if (!chance(12)) await deliver(next!);
      }
    }
    while (underWay.length > 0) await deliver(underWay.splice(random.below(underWay.length), 1)[0]!);
  }
  process.stdout.write(
    `agreed on ${delivered} messages, refused ${duplicatesRefused} duplicates, ${simultaneous} simultaneous initiations\n`,
  );
  expect(delivered).toBeGreaterThan(SESSIONS * MESSAGES_PER_SESSION * 0.8);
  expect(simultaneous).toBeGreaterThan(SESSIONS / 10);
}, 120_000);

describe("tampered messages", () => {
  test("of libsignal are refused here, and the session goes on", async () => {
    const random = seededRandom("tampering 1");
    const own = new OwnDevice(nodePrimitives, random, LIBSIGNAL_PROFILE);
    const theirs = new LibsignalDevice();
    await theirs.initiate(await own.publish(true));
    for (let round = 0; round < 40; round++) {
      const plaintext = utf8(`round ${round}`);
      const message = await theirs.encrypt(plaintext);
      const before = own.record;
      const damaged = message.slice();
      damaged[damaged.length - 1 - random.below(60)]! ^= 1 << random.below(8);
      await expect(own.decrypt(damaged, theirs.identityDh)).rejects.toThrow();
      expect(own.record).toBe(before);
      expect(await own.decrypt(message, theirs.identityDh)).toEqual(plaintext);
      const reply = await own.encrypt(plaintext);
      expect(await theirs.decrypt(reply)).toEqual(plaintext);
    }
  });

  test("of ours are refused by libsignal", async () => {
    const random = seededRandom("tampering 2");
    const own = new OwnDevice(nodePrimitives, random, LIBSIGNAL_PROFILE);
    const theirs = new LibsignalDevice();
    await own.initiate(await theirs.publish(true));
    expect(await theirs.decrypt(await own.encrypt(utf8("hello")))).toEqual(utf8("hello"));
    // Until it hears from them, our side repeats the handshake around each message, and that part carries no MAC.
    expect(await own.decrypt(await theirs.encrypt(utf8("hi")), theirs.identityDh)).toEqual(utf8("hi"));
    for (let round = 0; round < 40; round++) {
      const message = await own.encrypt(utf8(`round ${round}`));
      const damaged = message.slice();
      damaged[damaged.length - 1 - random.below(30)]! ^= 1 << random.below(8);
      await expect(theirs.decrypt(damaged)).rejects.toThrow();
      expect(await theirs.decrypt(message)).toEqual(utf8(`round ${round}`));
    }
  });
});

test("a bundle whose prekey libsignal signed for another key is refused", async () => {
  const own = new OwnDevice(nodePrimitives, seededRandom("bundle"), LIBSIGNAL_PROFILE);
  const bundle = await new LibsignalDevice().publish(false);
  const other = await new LibsignalDevice().publish(false);
  await expect(
    own.initiate({ ...bundle, signedPreKey: { ...bundle.signedPreKey, signature: other.signedPreKey.signature } }),
  ).rejects.toThrow("bad-prekey-signature");
  await expect(own.initiate({ ...bundle, kemPreKey: other.kemPreKey })).rejects.toThrow("bad-prekey-signature");
});

test("a chain with a thousand lost messages goes on, in both directions", async () => {
  const own = new OwnDevice(nodePrimitives, seededRandom("gap"), LIBSIGNAL_PROFILE);
  const theirs = new LibsignalDevice();
  await own.initiate(await theirs.publish(true));
  const first = await own.encrypt(utf8("first"));
  for (let i = 0; i < 1000; i++) await own.encrypt(utf8("lost"));
  expect(await theirs.decrypt(await own.encrypt(utf8("after")))).toEqual(utf8("after"));
  expect(await theirs.decrypt(first)).toEqual(utf8("first"));
  const early = await theirs.encrypt(utf8("early"));
  for (let i = 0; i < 1000; i++) await theirs.encrypt(utf8("lost"));
  expect(await own.decrypt(await theirs.encrypt(utf8("late")), theirs.identityDh)).toEqual(utf8("late"));
  expect(await own.decrypt(early, theirs.identityDh)).toEqual(utf8("early"));
});
