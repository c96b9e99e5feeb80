/** The account's passkeys as a way back into it: which of them restores the account, since when. */
import type { RecoveryPasskey } from "@hawser/sdk";
import { Alert, Button, Icon, mediumDate, useText, useToast } from "@hawser/ui";
import { type ReactNode, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { createPasskey, hasPasskeys, type PrfProblem, withPrf } from "../linking/passkey.ts";
import type { KnownRecovery } from "./recovery-page.tsx";

interface RecoveryPasskeysProperties {
  readonly known: KnownRecovery;
  readonly isOldServer: boolean;
  readonly changed: () => void;
}

export function RecoveryPasskeys({ known, isOldServer, changed }: RecoveryPasskeysProperties) {
  const { t, locale } = useText();
  const client = useClient();
  const toast = useToast();
  const action = useAction();
  const { self } = useClientState();
  const [problem, setProblem] = useState<PrfProblem>();
  const [removes, setRemoves] = useState<string>();
  const listed = useQuery(
    "passkeys",
    (engine) => engine.passkeySettings(),
    (event) => event.type === "state",
  ).value?.passkeys;
  const isHere = hasPasskeys();
  const own = (listed ?? []).filter(({ rpId }) => rpId === location.hostname);
  const isKnown = typeof known === "object";
  const standing = isKnown ? known.passkeys : [];
  const standingOf = (credentialId: string): RecoveryPasskey | undefined =>
    standing.find((passkey) => passkey.credentialId === credentialId);
  const others = standing.filter(({ credentialId }) => !own.some((passkey) => passkey.credentialId === credentialId));

  const stateOf = (set: RecoveryPasskey | undefined): RowState => {
    if (set !== undefined) return { isSet: true, words: t("recovery.since", { date: mediumDate(set.sinceMs, locale) }) };
    return { isSet: false, words: known === "unknown" ? undefined : t(isKnown ? "recovery.none" : "signUp.checking") };
  };

  /** Browsers may compute only when they are asked for a passkey that exists. */
  const use = async (credentialId: string): Promise<void> => {
    setProblem(undefined);
    const trouble = await withPrf((prfOutput) => client.addRecoveryPasskey({ credentialId, prfOutput }), [credentialId]);
    setProblem(trouble);
    if (trouble !== undefined) return;
    toast({ text: t("recovery.passkeySet") });
    changed();
  };
  const create = async (): Promise<void> => {
    if (self === undefined) return;
    setProblem(undefined);
    const made = await createPasskey(
      self,
      own.map(({ credentialId }) => credentialId),
    ).catch(() => undefined);
    if (made === undefined) return setProblem("passkey.notShown");
    await client.addPasskey(made);
    await use(made.credentialId);
  };
  return (
    <>
      <h2 className="card-title" id="recovery-passkey">
        {t("passkey.title")}
      </h2>
      <div className="card" role="group" aria-labelledby="recovery-passkey">
        {own.map(({ credentialId, createdAtMs }) => {
          const set = standingOf(credentialId);
          return (
            <PasskeyRow key={credentialId} id={credentialId} createdAtMs={createdAtMs} state={stateOf(set)}>
              {set !== undefined ? (
                <Button look="danger-soft" disabled={action.busy} aria-describedby={credentialId} onClick={() => setRemoves(set.id)}>
                  {t("passkey.remove")}
                </Button>
              ) : (
                isHere &&
                isKnown && (
                  <Button
                    look="soft"
                    disabled={action.busy}
                    aria-describedby={credentialId}
                    onClick={() => void action.run(() => use(credentialId))}
                  >
                    {t("recovery.passkeyUse")}
                  </Button>
                )
              )}
            </PasskeyRow>
          );
        })}
        {others.map((set) => (
          <PasskeyRow key={set.id} id={set.id} state={stateOf(set)}>
            <Button look="danger-soft" disabled={action.busy} aria-describedby={set.id} onClick={() => setRemoves(set.id)}>
              {t("passkey.remove")}
            </Button>
          </PasskeyRow>
        ))}
        {isHere && !isOldServer && (
          <button type="button" className="row" disabled={action.busy || !isKnown} onClick={() => void action.run(create)}>
            <span className="row-icon">
              <Icon name="key" />
            </span>
            <span className="row-words">
              <b>{t("passkey.create")}</b>
              <small>{t("recovery.passkeyText")}</small>
            </span>
          </button>
        )}
        {(!isHere || isOldServer) && <p className="note note-in-card">{t(isOldServer ? "recovery.oldServer" : "recovery.noPasskeys")}</p>}
      </div>
      {problem !== undefined && <Alert tone="warn">{t(problem)}</Alert>}
      {removes !== undefined && (
        <Confirm
          title={t("recovery.removeTitle")}
          confirm={t("passkey.remove")}
          danger
          run={() => client.removeRecovery(removes).then(changed)}
          onClose={() => setRemoves(undefined)}
        >
          <p>{t("recovery.removePasskeyText")}</p>
        </Confirm>
      )}
    </>
  );
}

interface RowState {
  readonly isSet: boolean;
  /** Absent where the server does not say. */
  readonly words: string | undefined;
}

interface PasskeyRowProperties {
  readonly id: string;
  /** Absent: this phone does not know the passkey. */
  readonly createdAtMs?: number;
  readonly state: RowState;
  readonly children: ReactNode;
}

function PasskeyRow({ id, createdAtMs, state, children }: PasskeyRowProperties) {
  const { t, locale } = useText();
  return (
    <div className="row">
      <span className={state.isSet ? "row-icon row-icon-good" : "row-icon"}>
        <Icon name={state.isSet ? "check" : "key"} />
      </span>
      <span className="row-words" id={id}>
        <b>{createdAtMs === undefined ? t("recovery.otherPasskey") : t("passkey.made", { date: mediumDate(createdAtMs, locale) })}</b>
        <small>{state.words}</small>
      </span>
      {children}
    </div>
  );
}
