/** One device run by the official library: its stores in memory, its prekeys, and messages in and out as bytes. */
import * as libsignal from "@signalapp/libsignal-client";
import type { Bytes } from "../../packages/base/src/index.ts";
import type { PreKeyBundle } from "../../packages/crypto/src/index.ts";
import { PREKEY_MESSAGE, RATCHET_MESSAGE } from "../../packages/crypto/src/pair/message-codec.ts";

const SIGNED_ID = 1;
const ONE_TIME_ID = 2;
const KEM_ID = 3;
const PREKEY_TYPE = 3;

class Sessions extends libsignal.SessionStore {
  readonly #records = new Map<string, Uint8Array>();
  override async saveSession(name: libsignal.ProtocolAddress, record: libsignal.SessionRecord): Promise<void> {
    this.#records.set(name.toString(), record.serialize());
  }
  override async getSession(name: libsignal.ProtocolAddress): Promise<libsignal.SessionRecord | null> {
    const bytes = this.#records.get(name.toString());
    return bytes === undefined ? null : libsignal.SessionRecord.deserialize(Buffer.from(bytes));
  }
  override async getExistingSessions(): Promise<libsignal.SessionRecord[]> {
    throw new Error("not used by pairwise sessions");
  }
}

class Identities extends libsignal.IdentityKeyStore {
  readonly #own: libsignal.IdentityKeyPair;
  readonly #others = new Map<string, libsignal.PublicKey>();
  constructor(own: libsignal.IdentityKeyPair) {
    super();
    this.#own = own;
  }
  override async getIdentityKey(): Promise<libsignal.PrivateKey> {
    return this.#own.privateKey;
  }
  override async getLocalRegistrationId(): Promise<number> {
    return 5;
  }
  override async saveIdentity(name: libsignal.ProtocolAddress, key: libsignal.PublicKey): Promise<libsignal.IdentityChange> {
    this.#others.set(name.toString(), key);
    return libsignal.IdentityChange.NewOrUnchanged;
  }
  override async isTrustedIdentity(): Promise<boolean> {
    return true;
  }
  override async getIdentity(name: libsignal.ProtocolAddress): Promise<libsignal.PublicKey | null> {
    return this.#others.get(name.toString()) ?? null;
  }
}

function stored<Record>(records: Map<number, Record>, id: number): Record {
  const record = records.get(id);
  if (record === undefined) throw new Error("no such prekey");
  return record;
}

class PreKeys extends libsignal.PreKeyStore {
  readonly records = new Map<number, libsignal.PreKeyRecord>();
  override async savePreKey(id: number, record: libsignal.PreKeyRecord): Promise<void> {
    this.records.set(id, record);
  }
  override async getPreKey(id: number): Promise<libsignal.PreKeyRecord> {
    return stored(this.records, id);
  }
  override async removePreKey(id: number): Promise<void> {
    this.records.delete(id);
  }
}

class SignedPreKeys extends libsignal.SignedPreKeyStore {
  readonly records = new Map<number, libsignal.SignedPreKeyRecord>();
  override async saveSignedPreKey(id: number, record: libsignal.SignedPreKeyRecord): Promise<void> {
    this.records.set(id, record);
  }
  override async getSignedPreKey(id: number): Promise<libsignal.SignedPreKeyRecord> {
    return stored(this.records, id);
  }
}

class KyberPreKeys extends libsignal.KyberPreKeyStore {
  readonly records = new Map<number, libsignal.KyberPreKeyRecord>();
  override async saveKyberPreKey(id: number, record: libsignal.KyberPreKeyRecord): Promise<void> {
    this.records.set(id, record);
  }
  override async getKyberPreKey(id: number): Promise<libsignal.KyberPreKeyRecord> {
    return stored(this.records, id);
  }
  override async markKyberPreKeyUsed(): Promise<void> {}
}

/** A public key without its type byte. */
const raw = (key: { serialize(): Uint8Array }): Bytes => new Uint8Array(key.serialize().slice(1));

export class LibsignalDevice {
  readonly identity = libsignal.IdentityKeyPair.generate();
  readonly identityDh = raw(this.identity.publicKey);
  readonly #sessions = new Sessions();
  readonly #identities = new Identities(this.identity);
  readonly #preKeys = new PreKeys();
  readonly #signedPreKeys = new SignedPreKeys();
  readonly #kyberPreKeys = new KyberPreKeys();
  readonly #peer = libsignal.ProtocolAddress.new("peer", 1);

  async publish(withOneTimePreKey: boolean): Promise<PreKeyBundle> {
    const signedSecret = libsignal.PrivateKey.generate();
    const signedPublic = signedSecret.getPublicKey();
    const signedSignature = this.identity.privateKey.sign(signedPublic.serialize());
    await this.#signedPreKeys.saveSignedPreKey(
      SIGNED_ID,
      libsignal.SignedPreKeyRecord.new(SIGNED_ID, 0, signedPublic, signedSecret, signedSignature),
    );
    const kemPair = libsignal.KEMKeyPair.generate();
    const kemSignature = this.identity.privateKey.sign(kemPair.getPublicKey().serialize());
    await this.#kyberPreKeys.saveKyberPreKey(KEM_ID, libsignal.KyberPreKeyRecord.new(KEM_ID, 0, kemPair, kemSignature));
    const bundle = {
      identityDh: this.identityDh,
      signPublic: new Uint8Array(32),
      signedPreKey: { id: SIGNED_ID, publicKey: raw(signedPublic), signature: new Uint8Array(signedSignature) },
      kemPreKey: { id: KEM_ID, publicKey: raw(kemPair.getPublicKey()), signature: new Uint8Array(kemSignature), lastResort: false },
    };
    if (!withOneTimePreKey) return bundle;
    const oneTimeSecret = libsignal.PrivateKey.generate();
    await this.#preKeys.savePreKey(ONE_TIME_ID, libsignal.PreKeyRecord.new(ONE_TIME_ID, oneTimeSecret.getPublicKey(), oneTimeSecret));
    return { ...bundle, oneTimePreKey: { id: ONE_TIME_ID, publicKey: raw(oneTimeSecret.getPublicKey()) } };
  }

  async initiate(bundle: PreKeyBundle): Promise<void> {
    const dhKey = (key: Bytes): libsignal.PublicKey => libsignal.PublicKey.deserialize(Buffer.from([0x05, ...key]));
    const theirs = libsignal.PreKeyBundle.new(
      9,
      1,
      bundle.oneTimePreKey?.id ?? null,
      bundle.oneTimePreKey === undefined ? null : dhKey(bundle.oneTimePreKey.publicKey),
      bundle.signedPreKey.id,
      dhKey(bundle.signedPreKey.publicKey),
      Buffer.from(bundle.signedPreKey.signature),
      dhKey(bundle.identityDh),
      bundle.kemPreKey.id,
      libsignal.KEMPublicKey.deserialize(Buffer.from([0x08, ...bundle.kemPreKey.publicKey])),
      Buffer.from(bundle.kemPreKey.signature),
    );
    await libsignal.processPreKeyBundle(theirs, this.#peer, this.#sessions, this.#identities);
  }

  async encrypt(plaintext: Bytes): Promise<Bytes> {
    const message = await libsignal.signalEncrypt(Buffer.from(plaintext), this.#peer, this.#sessions, this.#identities);
    return new Uint8Array([message.type() === PREKEY_TYPE ? PREKEY_MESSAGE : RATCHET_MESSAGE, ...message.serialize()]);
  }

  /** Throws what the library throws. */
  async decrypt(message: Bytes): Promise<Bytes> {
    const body = Buffer.from(message.subarray(1));
    if (message[0] === RATCHET_MESSAGE) {
      return new Uint8Array(
        await libsignal.signalDecrypt(libsignal.SignalMessage.deserialize(body), this.#peer, this.#sessions, this.#identities),
      );
    }
    const preKeyMessage = libsignal.PreKeySignalMessage.deserialize(body);
    return new Uint8Array(
      await libsignal.signalDecryptPreKey(
        preKeyMessage,
        this.#peer,
        this.#sessions,
        this.#identities,
        this.#preKeys,
        this.#signedPreKeys,
        this.#kyberPreKeys,
      ),
    );
  }
}
