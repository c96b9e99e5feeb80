/** What gives an account back to its person on a new phone, besides a phone that still works. */

export interface RecoveryState {
  readonly code: { readonly sinceMs: number | undefined } | undefined;
  /** Oldest first. */
  readonly passkeys: readonly RecoveryPasskey[];
}

export interface RecoveryPasskey {
  /** For `removeRecovery`. */
  readonly id: string;
  /** One of `PasskeySettings.passkeys`; `undefined` when this phone does not know the passkey. */
  readonly credentialId: string | undefined;
  readonly sinceMs: number;
}

export type RestoreOptions = { readonly deviceName: string } & (
  | { readonly handle: string; readonly recoveryCode: string }
  /** What the authenticator gave for `PASSKEY_PRF_INPUT`: it says by itself which account. */
  | { readonly prfOutput: Uint8Array }
);
