/** On the phone: what the other device has shown of the account's passkey, and the digits to type where it has shown none. */
import type { LinkStatus } from "@hawser/sdk";
import { Alert, Button, Icon, TextField, useText } from "@hawser/ui";

export const MATCH_DIGITS = 6;

interface PasskeyCheckProperties {
  readonly check: NonNullable<LinkStatus["passkeyCheck"]>;
  /** The digits are typed: the other device has no passkey, or this phone could not show it. */
  readonly types: boolean;
  readonly digits: string;
  readonly onTypes: () => void;
  readonly onDigits: (digits: string) => void;
}

export function PasskeyCheck({ check, types, digits, onTypes, onDigits }: PasskeyCheckProperties) {
  const { t } = useText();
  if (types)
    return (
      <>
        <Alert>{t(check.state === "verified" ? "passkey.notShown" : "passkey.missing", { origin: location.host })}</Alert>
        <TextField
          label={t("passkey.digits")}
          value={digits}
          inputMode="numeric"
          autoComplete="off"
          maxLength={MATCH_DIGITS + 1}
          dir="ltr"
          onChange={(event) => onDigits(event.target.value)}
        />
      </>
    );
  if (check.state === "verified")
    return (
      <p className="note note-good" role="status">
        <Icon name="check" size={20} />
        {t("passkey.verified")}
      </p>
    );
  return (
    <>
      <p className="note" role="status">
        <Icon name="key" size={20} />
        {t("passkey.awaited")}
      </p>
      {!check.required && (
        <Button look="plain" onClick={onTypes}>
          {t("passkey.otherHasNone")}
        </Button>
      )}
    </>
  );
}
