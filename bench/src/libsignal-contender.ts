/**
 * The official libsignal as a contender: the same conversation with its own in-memory stores, which hold bytes. Typed here by
 * the few members used, because the bench must compile without the library.
 */
import type { Bytes } from "@hawser/base";
import type { Contender } from "./crypto.ts";

type Key = { serialize(): Uint8Array; sign(message: Uint8Array): Uint8Array; getPublicKey(): Key };
type Address = { toString(): string };
type Constructed<Made> = { new (...values: unknown[]): Made };
interface Library {
  readonly [operation: string]: unknown;
  readonly PrivateKey: { generate(): Key };
  readonly IdentityKeyPair: { generate(): { readonly privateKey: Key; readonly publicKey: Key } };
  readonly KEMKeyPair: { generate(): Key };
  readonly ProtocolAddress: { new: (name: string, device: number) => Address };
  readonly SessionRecord: { deserialize(bytes: Uint8Array): { serialize(): Uint8Array } };
  readonly SessionStore: Constructed<object>;
  readonly IdentityKeyStore: Constructed<object>;
  readonly PreKeyStore: Constructed<object>;
  readonly SignedPreKeyStore: Constructed<object>;
  readonly KyberPreKeyStore: Constructed<object>;
}
interface Ciphertext {
  type(): number;
  serialize(): Uint8Array;
}
type Maker = { readonly new: (...values: unknown[]) => unknown };
type Reader = { deserialize(bytes: Uint8Array): unknown };
type Call<Out> = (...values: unknown[]) => Promise<Out>;

const PREKEY_TYPE = 3;

export async function libsignalContender(module: unknown, plaintext: Bytes): Promise<Contender> {
  const library = module as Library;
  const make = (name: string, ...values: unknown[]): unknown => (library[name] as Maker).new(...values);
  const read = (name: string, bytes: Uint8Array): unknown => (library[name] as Reader).deserialize(bytes);
  const call = <Out>(name: string, ...values: unknown[]): Promise<Out> => (library[name] as Call<Out>)(...values);

  const side = (name: string) => {
    const identity = library.IdentityKeyPair.generate();
    const sessions = new Map<string, Uint8Array>();
    const records = new Map<number, unknown>();
    return {
      identity,
      address: library.ProtocolAddress.new(name, 1),
      sessions,
      records,
      sessionStore: new (class extends library.SessionStore {
        async saveSession(address: Address, record: { serialize(): Uint8Array }): Promise<void> {
          sessions.set(address.toString(), record.serialize());
        }
        async getSession(address: Address): Promise<unknown> {
          const bytes = sessions.get(address.toString());
          return bytes === undefined ? null : library.SessionRecord.deserialize(bytes);
        }
      })(),
      identityStore: new (class extends library.IdentityKeyStore {
        async getIdentityKey(): Promise<Key> {
          return identity.privateKey;
        }
        async getLocalRegistrationId(): Promise<number> {
          return 1;
        }
        async saveIdentity(): Promise<number> {
          return 0;
        }
        async isTrustedIdentity(): Promise<boolean> {
          return true;
        }
        async getIdentity(): Promise<null> {
          return null;
        }
      })(),
      preKeyStore: new (class extends library.PreKeyStore {
        async getPreKey(): Promise<unknown> {
          return records.get(3);
        }
        async removePreKey(): Promise<void> {}
      })(),
      signedPreKeyStore: new (class extends library.SignedPreKeyStore {
        async getSignedPreKey(): Promise<unknown> {
          return records.get(1);
        }
      })(),
      kyberPreKeyStore: new (class extends library.KyberPreKeyStore {
        async getKyberPreKey(): Promise<unknown> {
          return records.get(2);
        }
        async markKyberPreKeyUsed(): Promise<void> {}
      })(),
    };
  };
  const [alice, bob] = [side("alice"), side("bob")];
  type Side = typeof alice;

  const [signed, oneTime, kem] = [library.PrivateKey.generate(), library.PrivateKey.generate(), library.KEMKeyPair.generate()];
  const signedSignature = bob.identity.privateKey.sign(signed.getPublicKey().serialize());
  const kemSignature = bob.identity.privateKey.sign(kem.getPublicKey().serialize());
  bob.records.set(1, make("SignedPreKeyRecord", 1, 0, signed.getPublicKey(), signed, signedSignature));
  bob.records.set(2, make("KyberPreKeyRecord", 2, 0, kem, kemSignature));
  bob.records.set(3, make("PreKeyRecord", 3, oneTime.getPublicKey(), oneTime));
  const publicParts = [
    3,
    oneTime.getPublicKey(),
    1,
    signed.getPublicKey(),
    signedSignature,
    bob.identity.publicKey,
    2,
    kem.getPublicKey(),
    kemSignature,
  ];
  const bundle = make("PreKeyBundle", 1, 1, ...publicParts);

  const send = async (from: Side, to: Side): Promise<Ciphertext> => {
    const message = await call<Ciphertext>("signalEncrypt", plaintext, to.address, from.sessionStore, from.identityStore);
    // Serialising is part of sending, as it is for the pair engine.
    const bytes = message.serialize();
    const type = message.type();
    return { type: () => type, serialize: () => bytes };
  };
  const receive = async (to: Side, from: Side, message: Ciphertext): Promise<void> => {
    const bytes = message.serialize();
    if (message.type() !== PREKEY_TYPE)
      await call("signalDecrypt", read("SignalMessage", bytes), from.address, to.sessionStore, to.identityStore);
    else {
      const stores = [to.sessionStore, to.identityStore, to.preKeyStore, to.signedPreKeyStore, to.kyberPreKeyStore];
      await call("signalDecryptPreKey", read("PreKeySignalMessage", bytes), from.address, ...stores);
    }
  };
  const establish = async (): Promise<void> => {
    alice.sessions.clear();
    bob.sessions.clear();
    await call("processPreKeyBundle", bundle, bob.address, alice.sessionStore, alice.identityStore);
    await receive(bob, alice, await send(alice, bob));
  };
  await establish();
  await receive(alice, bob, await send(bob, alice));

  return {
    name: "libsignal",
    async measure(operation, count) {
      if (operation === "establish") {
        const microseconds = await timed(count, establish);
        await receive(alice, bob, await send(bob, alice));
        return microseconds;
      }
      if (operation === "dhTurn") {
        let total = 0;
        for (let i = 0; i < count; i++) {
          const [to, from] = i % 2 === 0 ? [bob, alice] : [alice, bob];
          const message = await send(from, to);
          total += await timed(1, () => receive(to, from, message));
        }
        if (count % 2 === 1) await receive(alice, bob, await send(bob, alice));
        return total / count;
      }
      const messages: Ciphertext[] = [];
      const encrypted = await timed(count, async () => void messages.push(await send(alice, bob)));
      const decrypted = await timed(count, () => receive(bob, alice, messages.shift()!));
      return operation === "encrypt" ? encrypted : decrypted;
    },
  };
}

async function timed(count: number, body: () => Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await body();
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}
