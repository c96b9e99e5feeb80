/** The account's passkeys: with one, only pages of our own origin can be let in without more ado. Changed on a phone alone. */
export interface PasskeySettings {
  /** Devices are linked only with a passkey; otherwise the digits may be typed instead. */
  readonly required: boolean;
  readonly passkeys: readonly { readonly credentialId: string; readonly rpId: string; readonly createdAtMs: number }[];
}
