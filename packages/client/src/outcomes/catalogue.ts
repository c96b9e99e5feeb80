/**
 * The catalogue of outcomes, made of the machines' tables and the registries of errors. `npm run generate` writes it to
 * `packages/wire/src/outcomes/gen`, where the server reads it, and to docs/OUTCOMES.md.
 */
import type { Transition } from "@hawser/base";
import { describeCompanion, describeGiver, describePhone, describeTaker, LINK_ERROR_NAMES } from "@hawser/linking";
import { describeSession, SESSION_CAUSES } from "@hawser/session";
import { describeArchiveWriter, describeSink, describeSource, HEAD_FAULTS } from "@hawser/sync";
import { type AttemptEntry, type OutcomeCatalogue, RequestSchema } from "@hawser/wire";
import {
  ARCHIVE_READ_CODES,
  ARCHIVE_WRITER_ATTEMPTS,
  type Attempt,
  type AttemptMap,
  COMPANION_ATTEMPTS,
  DELIVER_STAGES,
  GIVER_ATTEMPTS,
  PHONE_ATTEMPTS,
  RESEND_CODES,
  SESSION_ATTEMPTS,
  SINK_ATTEMPTS,
  SINK_CODES,
  SOURCE_ATTEMPTS,
  STORE_REPAIRS,
  TAKER_ATTEMPTS,
} from "./attempts.ts";

/** Every attempt can end for a reason that has no name yet. */
const OTHER = "OTHER";

export type DescribedAttempt = AttemptEntry & { readonly about: string };

function ofMachine<Kind extends string>(
  attempt: Attempt,
  { of, ok }: AttemptMap<Kind>,
  table: readonly Transition[],
  codes: readonly string[],
): Omit<DescribedAttempt, "about" | "errors"> {
  const stages = Object.keys(of).filter((kind) => of[kind as Kind] === attempt);
  const good: readonly string[] = ok[attempt] ?? [];
  const succeeds = stages.filter((stage) => table.some((row) => row.state === stage && good.includes(row.next)));
  return { by: "device", succeeds, fails: stages, codes: [...codes, OTHER] };
}

const OPERATIONS = RequestSchema.oneofs
  .find((group) => group.name === "operation")!
  .fields.map((field) => field.localName)
  .concat("unknown");

const session = describeSession();
const companion = describeCompanion();

const device = (stages: readonly string[], succeeds: readonly string[], codes: readonly string[], about: string): DescribedAttempt => ({
  by: "device",
  about,
  succeeds,
  fails: stages,
  errors: true,
  codes: [...codes, OTHER],
});
const server = (stages: readonly string[], fails: readonly string[], errors: boolean, codes: readonly string[], about: string): DescribedAttempt => ({ by: "server", about, succeeds: stages, fails, errors, codes: [...codes, OTHER] }); // prettier-ignore
const SESSION_CODES = [...SESSION_CAUSES, "CANCELLED"];

/** A link, an account that moves and an identity that is given back: one machine, three attempts. */
function ofLink(side: "companion" | "phone", about: string): Readonly<Record<string, DescribedAttempt>> {
  const [map, table] =
    side === "companion" ? [COMPANION_ATTEMPTS as AttemptMap<string>, companion] : [PHONE_ATTEMPTS as AttemptMap<string>, describePhone()];
  const link = { ...ofMachine(`link-${side}`, map, table, LINK_ERROR_NAMES), errors: false };
  return {
    [`link-${side}`]: { ...link, about },
    [side === "companion" ? "move-new-phone" : "move-old-phone"]: {
      ...link,
      about: `The account moves to another phone, seen by the ${side === "companion" ? "new" : "old"} one.`,
    },
    [`restore-${side}`]: {
      ...link,
      about: `A companion that lost its store gets its identity back, seen by the ${side}. Until the phone has decided it is a link.`,
    },
  };
}

const attempts: Readonly<Record<string, DescribedAttempt>> = {
  connect: {
    ...ofMachine("connect", SESSION_ATTEMPTS, session, SESSION_CODES),
    errors: true,
    about: "From the first packet to the server's hello.",
  },
  authenticate: {
    ...ofMachine("authenticate", SESSION_ATTEMPTS, session, SESSION_CODES),
    errors: true,
    about: "From the server's hello to its welcome; on anonymous connections without a signature. Also: a goodbye's revocation is checked.",
  },
  "show-code": {
    ...ofMachine("show-code", COMPANION_ATTEMPTS, companion, [...LINK_ERROR_NAMES, "PAUSED"]),
    errors: false,
    about: "A companion shows codes until one is read.",
  },
  ...ofLink("companion", "From the scan to the first connection as a device of the account, seen by the companion."),
  ...ofLink("phone", "The same, seen by the phone."),
  "finish-move": device(["finishing"], ["finishing"], ["OFFLINE"], "The new phone becomes the account's only one."),
  "give-code": {
    ...ofMachine("give-code", GIVER_ATTEMPTS, describeGiver(), [...LINK_ERROR_NAMES]),
    errors: false,
    about:
      "A companion hands a code's parts to a phone by letters or by the phone's own code. `CANCELLED`: the code went and nobody had typed it.",
  },
  "take-code": {
    ...ofMachine("take-code", TAKER_ATTEMPTS, describeTaker(), LINK_ERROR_NAMES),
    errors: false,
    about: "The same, seen by the phone: letters that were typed, or a code that it shows.",
  },
  deliver: device(
    DELIVER_STAGES,
    ["sealing", "sending"],
    [],
    "A message a person wrote, until the server has stored it. Waiting for a connection counts.",
  ),
  resend: {
    ...device(
      ["asked"],
      ["asked"],
      RESEND_CODES,
      "A message that this device could not read and asked for, until it is here: sent again, or as history. `nothing`: its sender has it no more, or it held nothing to show.",
    ),
    errors: false,
  },
  "receive-history": {
    ...ofMachine("receive-history", SINK_ATTEMPTS, describeSink(), Object.values(SINK_CODES)),
    errors: false,
    about: "A history job on the device that wants it. It goes on after a stall: then it is another attempt.",
  },
  "send-history": {
    ...ofMachine("send-history", SOURCE_ATTEMPTS, describeSource(), ["CANCELLED"]),
    errors: false,
    about: "A history job on the device that has it, until everything is on the server.",
  },
  "write-archive": {
    ...ofMachine("write-archive", ARCHIVE_WRITER_ATTEMPTS, describeArchiveWriter(), [
      ...HEAD_FAULTS,
      "full",
      "unsupported",
      "failed",
      "CANCELLED",
    ]),
    errors: false,
    about: "The encrypted archive is brought up to date, until nothing waits. `failed`: the server could not be asked.",
  },
  "read-archive": device(
    ["reading"],
    ["reading"],
    [...HEAD_FAULTS, ...ARCHIVE_READ_CODES, "OFFLINE"],
    "A device that wants history reads what the archive holds; its chunks are `receive-history`.",
  ),
  "repair-store": device(STORE_REPAIRS, STORE_REPAIRS, [], "A device begins afresh in a store that was damaged, lost, or an older copy."),
  "repair-state": device(
    ["asked"],
    ["asked"],
    ["unanswered"],
    "A companion's shared state is compared with the phone's and rebuilt where it differs.",
  ),
  recover: device(
    ["restoring"],
    ["restoring"],
    [
      "RECOVERY_CODE_MALFORMED",
      "RECOVERY_CODE_WRONG",
      "PASSKEY_UNUSABLE",
      "PASSKEY_UNKNOWN",
      "RECOVERY_ANSWER_INVALID",
      "OFFLINE",
      "NAME_TOO_LONG",
    ],
    "An account is restored from its recovery code or by a passkey.",
  ),
  admit: server(["welcome"], ["goodbye"], true, [], "A connection: welcomed as a device, or ended by a goodbye, however late."),
  store: server(["commit"], ["commit"], true, [], "A message given to the server: stored durably, or refused."),
  serve: server(
    OPERATIONS,
    OPERATIONS,
    true,
    [],
    "A request, by the name of its operation: among them the stages of a link as the roles see them.",
  ),
  neighbour: server(
    ["connected"],
    ["connected"],
    false,
    ["LOST"],
    "A device that was connected when another of its account was linked: still, or again, connected ten seconds later.",
  ),
};

export const catalogue: Omit<OutcomeCatalogue, "attempts"> & { readonly attempts: typeof attempts } = {
  attempts,
  segment: {
    platform: ["web", "terminal", "sdk", "server", "other"],
    engine: ["chromium", "firefox", "webkit", "node", "other"],
    region: ["africa", "america", "antarctica", "arctic", "asia", "atlantic", "australia", "europe", "indian", "pacific", "other"],
    transport: ["websocket", "sse", "poll", "other"],
    flags: ["fragile-storage"],
    system: ["android", "ios", "linux", "macos", "windows", "other"],
    route: ["none", "code", "typed", "reverse", "other"],
  },
};
