/** Who is the phone, and who was signed out by what: read from the chain of lists as the server has it. */
import { fromBinary } from "@bufbuild/protobuf";
import { toHex } from "@hawser/base";
import { DeviceKind, type DeviceList, DeviceListSchema, RevocationReason } from "@hawser/wire";
import type { Cast } from "../run/cast.ts";
import { type Account, phoneOf } from "../nodes/account.ts";
import type { RuleName } from "./violation.ts";

type Add = (rule: RuleName, text: string) => void;

/**
 * One phone, the one that its person takes for it. A revocation "by a person" was asked for by one; "replaced" are phones alone, and only by
 * phones; of the rest a link that was undone is the only reason there is.
 */
export function checkPhones({ world }: Cast, account: Account, add: Add): void {
  const { oracle, server } = world;
  const phone = phoneOf(account);
  const chain = (server.directory?.listsAfter(account.id!, 0) ?? []).map(({ payload }) => fromBinary(DeviceListSchema, payload));
  const newest = chain.at(-1);
  if (newest === undefined) return;
  const phones = newest.devices.filter(({ kind }) => kind === DeviceKind.PHONE).map(({ number }) => number);
  const expected = oracle.numbers.get(phone)?.device;
  if (phones.length !== 1 || phones[0] !== expected)
    add(
      "one phone an account",
      `${account.handle} has the phones ${phones.join(", ")}, and its person uses ${phone.name}, device ${expected}`,
    );
  checkEntries(chain, account, add);
  const kindOf = kindsIn(chain);
  for (const { device, revokedBy, reason } of newest.revocations) {
    const replaced = reason === RevocationReason.REPLACED;
    const byPhones = kindOf(device) === DeviceKind.PHONE && kindOf(revokedBy) === DeviceKind.PHONE;
    const asked = reason === RevocationReason.BY_USER && oracle.wasRemovalAsked(account.id!, device);
    if (reason !== RevocationReason.LINK_UNDONE && !(replaced && byPhones) && !asked)
      add(
        "revoked only by signature",
        `device ${device} of ${account.handle} was revoked by ${revokedBy} for ${RevocationReason[reason]}, and nobody wanted it`,
      );
  }
}

const kindsIn =
  (chain: readonly DeviceList[]) =>
  (number: number): DeviceKind | undefined =>
    chain.flatMap(({ devices }) => devices).find((device) => device.number === number)?.kind;

/** Whatever ways it came on, an attempt to link makes one device. */
function checkEntries(chain: readonly DeviceList[], { handle }: Account, add: Add): void {
  const made = new Map<string, number>();
  for (const { attemptId, number } of chain.flatMap(({ devices }) => devices)) {
    const attempt = toHex(attemptId);
    if (attempt !== "" && (made.get(attempt) ?? number) !== number)
      add("one device, one entry", `one attempt of ${handle} made the devices ${made.get(attempt)} and ${number}`);
    made.set(attempt, number);
  }
}
