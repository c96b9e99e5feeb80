/** One device run by Hawser's pair engine, with the same surface as `LibsignalDevice`. */
import { type Bytes, err, must, ok, type Primitives, type Random } from "../../packages/base/src/index.ts";
import {
  createPairEngine,
  HAWSER_PROFILE,
  type KemPreKeyPair,
  type PreKeyBundle,
  type PreKeyPair,
  type SignedPreKeyPair,
} from "../../packages/crypto/src/index.ts";
import type { PairProfile } from "../../packages/crypto/src/pair/profile.ts";

const LOCAL = Uint8Array.of(1);
const REMOTE = Uint8Array.of(2);

export class PairRefusal extends Error {}

export class OwnDevice {
  readonly engine;
  readonly identity;
  readonly identityDh: Bytes;
  record: Bytes | undefined;
  readonly #context;
  readonly #addresses;
  #signed: SignedPreKeyPair | undefined;
  #kem: KemPreKeyPair | undefined;
  #oneTime: PreKeyPair | undefined;

  /** `side` 0 and 1 mirror the addresses, for profiles that bind them. */
  constructor(primitives: Primitives, random: Random, profile: PairProfile = HAWSER_PROFILE, side: 0 | 1 = 0) {
    this.#context = { nowMs: 0, random };
    this.engine = createPairEngine(primitives, profile);
    this.identity = { ...this.engine.newIdentity(this.#context), registrationTag: 9 };
    this.identityDh = this.identity.dhPublic;
    this.#addresses = side === 0 ? { localAddress: LOCAL, remoteAddress: REMOTE } : { localAddress: REMOTE, remoteAddress: LOCAL };
  }

  async publish(withOneTimePreKey: boolean): Promise<PreKeyBundle> {
    this.#signed = this.engine.newSignedPreKey(11, this.identity, this.#context);
    this.#kem = this.engine.newKemPreKey(13, this.identity, this.#context);
    this.#oneTime = withOneTimePreKey ? this.engine.newOneTimePreKey(12, this.#context) : undefined;
    return {
      identityDh: this.identityDh,
      signPublic: this.identity.signPublic,
      signedPreKey: this.#signed,
      kemPreKey: this.#kem,
      oneTimePreKey: this.#oneTime,
    };
  }

  async initiate(bundle: PreKeyBundle): Promise<void> {
    this.record = must(this.engine.initiate({ identity: this.identity, bundle, ...this.#addresses, record: this.record }, this.#context));
  }

  async encrypt(plaintext: Bytes): Promise<Bytes> {
    const { record, message } = must(this.engine.encrypt(this.record!, plaintext, this.#context));
    this.record = record;
    return message;
  }

  /** Throws `PairRefusal` with the error's kind as its message. */
  async decrypt(message: Bytes, remoteIdentityDh: Bytes): Promise<Bytes> {
    const decrypted = this.engine.decrypt(
      {
        record: this.record,
        message,
        identity: this.identity,
        remoteIdentityDh,
        ...this.#addresses,
        preKeys: (ids) => {
          if (this.#signed?.id !== ids.signed || this.#kem?.id !== ids.kem) return err({ kind: "unknown-prekey", preKey: "signed" });
          if (ids.oneTime !== undefined && this.#oneTime?.id !== ids.oneTime) return err({ kind: "unknown-prekey", preKey: "one-time" });
          return ok({ signed: this.#signed, kem: this.#kem, oneTime: ids.oneTime === undefined ? undefined : this.#oneTime });
        },
      },
      this.#context,
    );
    if (!decrypted.ok) throw new PairRefusal(decrypted.error.kind);
    this.record = decrypted.value.record;
    if (decrypted.value.usedOneTimePreKey !== undefined) this.#oneTime = undefined;
    return decrypted.value.plaintext;
  }
}
