/** For pages and programs that ask an authenticator: what goes into `prf.eval.first`. */
export { PASSKEY_PRF_INPUT } from "@hawser/crypto/passkey-recovery";
