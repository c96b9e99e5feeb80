/** Codes become plain English and an exit status only here: what happened, then what to do. */
import { OperationalError } from "@hawser/base";
import type { ClientErrorName, ErrorName, LinkErrorName } from "@hawser/sdk";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** Codes of this program itself. */
export type CliErrorName =
  | "USAGE"
  | "INTERRUPTED"
  | "TERMINATED"
  | "DATA_LOCKED"
  | "ADDRESS_IN_USE"
  | "ADDRESS_UNAVAILABLE"
  | "FILE_UNREADABLE"
  | "AMBIGUOUS_NAME"
  | "NOT_CONFIRMED"
  | "WAIT_DEADLINE"
  | "HISTORY_WAITING"
  | "EMPTY_PROFILE"
  | "LINKING_UNFINISHED"
  | "PROFILE_IN_USE"
  | "PROFILE_HAS_ACCOUNT"
  | "REVOKED"
  | "UNREACHABLE"
  | "NOT_A_BACKUP"
  | "NO_SUCH_DEVICE";

export interface ErrorText {
  readonly exit: ExitCode;
  readonly message: string;
  readonly next: string;
}

type Entry = readonly [exit: ExitCode, message: string, next: string];

const LATER = "Nothing is lost. Try again in a moment.";
const REPORT = "This is a fault of the program. Please report it with the code.";
const NEW_CODE = "Ask the new device for a fresh code and try again.";

export const ERROR_TEXTS: Readonly<Record<ErrorName | LinkErrorName | ClientErrorName | CliErrorName, Entry>> = {
  INTERNAL: [EXIT.fault, "Something went wrong inside.", REPORT],
  OVERLOADED: [EXIT.offline, "The server has too much to do.", LATER],
  RATE_LIMITED: [EXIT.offline, "That was too often in a short time.", "Wait a minute, then try again."],
  SHUTTING_DOWN: [EXIT.offline, "The server is restarting.", LATER],
  STORE_UNAVAILABLE: [
    EXIT.storage,
    "A database cannot be opened or written.",
    "Check the disk and the rights of the folder, then try again.",
  ],
  TIMEOUT: [EXIT.offline, "The server did not answer in time.", LATER],
  REPLACED_BY_SAME_DEVICE: [
    EXIT.offline,
    "This device connected a second time elsewhere.",
    "Use a profile in one place only: never copy its folder.",
  ],
  TOO_MANY_CONNECTIONS: [EXIT.offline, "The server takes no more connections from here.", LATER],
  MALFORMED_FRAME: [EXIT.fault, "The server did not understand this program.", REPORT],
  UNKNOWN_FRAME: [EXIT.fault, "The server did not understand this program.", REPORT],
  FRAME_TOO_LARGE: [EXIT.fault, "A message was larger than the server takes.", REPORT],
  LIMIT_EXCEEDED: [
    EXIT.usage,
    "That is more than is allowed at once.",
    "Make it smaller or split it: up to 32 files, none over the server's limit.",
  ],
  UNEXPECTED_FRAME: [EXIT.fault, "The server did not understand this program.", REPORT],
  UNKNOWN_OPERATION: [EXIT.updateNeeded, "The other side does not know this request.", "Update the older of the two."],
  NOT_AUTHENTICATED: [EXIT.offline, "The connection was not signed in yet.", LATER],
  MALFORMED_FIELD: [EXIT.fault, "The server did not understand this program.", REPORT],
  CLIENT_TOO_OLD: [
    EXIT.updateNeeded,
    "This program is too old for the server. Keys and messages are kept.",
    "Update it: git pull, then run it again.",
  ],
  SERVER_TOO_OLD: [
    EXIT.updateNeeded,
    "The server is too old for this program. Keys and messages are kept.",
    "Ask whoever runs the server to update it.",
  ],
  BAD_SIGNATURE: [
    EXIT.offline,
    "The server did not accept this device's signature. Keys and messages are kept.",
    "Check --server, and this computer's clock.",
  ],
  UNKNOWN_ACCOUNT: [
    EXIT.offline,
    "The server does not know this account. Keys and messages are kept.",
    "Check --server: is it the one the account was made on?",
  ],
  UNKNOWN_DEVICE: [
    EXIT.offline,
    "The server does not know this device yet. Keys and messages are kept.",
    "Start the phone once, then try again.",
  ],
  DEVICE_REVOKED: [EXIT.revoked, "This device was signed out by the account.", "Link it again: hawser link"],
  HANDLE_TAKEN: [EXIT.refused, "This handle belongs to somebody else.", "Choose another."],
  HANDLE_INVALID: [EXIT.usage, "This is not a handle.", "3 to 32 of a-z, 0-9, dot and underscore, beginning with a letter."],
  HANDLE_UNKNOWN: [EXIT.notFound, "Nobody has this handle on the server.", "Check the spelling, or ask for a contact code."],
  INVITATION_INVALID: [
    EXIT.refused,
    "The invitation is unknown, used up or expired.",
    "Ask for a new one; whoever runs the server makes it with: hawser invite",
  ],
  CODE_INVALID: [EXIT.refused, "The one-time code is wrong or too old.", "Ask for a new one: hawser account request-code ADDRESS"],
  REGISTRATION_CLOSED: [EXIT.refused, "This server takes no new accounts.", "Ask whoever runs it."],
  ACCOUNT_EXISTS: [EXIT.refused, "This account exists already under another handle.", "Use: hawser whoami"],
  RECOVERY_UNKNOWN: [
    EXIT.notFound,
    "The server has no recovery code for this handle.",
    "Check the handle. An account whose recovery is a passkey comes back in a browser: a terminal has no passkeys.",
  ],
  STALE_LIST: [EXIT.offline, "Somebody's devices changed while this was sent.", LATER],
  LIST_CONFLICT: [
    EXIT.refused,
    "The device list changed somewhere else at the same time.",
    "Look at it with: hawser devices, then try again.",
  ],
  LIST_INVALID: [
    EXIT.refused,
    "A device list did not verify. It was not used.",
    "If it happens again, compare safety numbers before you go on.",
  ],
  DEVICE_LIMIT: [
    EXIT.refused,
    "The account has as many devices as it may have.",
    "Name one that leaves: hawser approve --remove NUMBER (see: hawser devices)",
  ],
  LIST_CHAIN_FULL: [
    EXIT.refused,
    "The account has changed its devices so often that the server keeps no more of it.",
    "Devices can still be removed, but none can be added.",
  ],
  MAILBOX_FULL: [EXIT.offline, "The other side's mailbox is full. The message waits here.", "It goes out when they come online."],
  RECIPIENT_UNKNOWN: [EXIT.notFound, "The server does not know this account.", "Check the handle or the contact code."],
  RENDEZVOUS_CONFLICT: [EXIT.refused, "Somebody else answered this code first.", NEW_CODE],
  RENDEZVOUS_EXPIRED: [EXIT.refused, "This code is no longer valid.", NEW_CODE],
  RENDEZVOUS_FULL: [EXIT.refused, "This code was used too often.", NEW_CODE],
  BLOB_UNKNOWN: [EXIT.notFound, "The server no longer has this file.", "Ask for it to be sent again."],
  BLOB_MISMATCH: [EXIT.fault, "A file arrived damaged.", "Try again; if it happens again, please report it."],
  BLOB_TICKET_INVALID: [EXIT.offline, "An upload permission ran out.", LATER],
  QUOTA_EXCEEDED: [
    EXIT.refused,
    "The account has used up its space on the server.",
    "It becomes free again when files have been fetched or expire.",
  ],
  ADMISSION_QUEUED: [EXIT.offline, "Many people are linking devices right now.", "Your place in the line is kept."],
  ADMISSION_FULL: [EXIT.offline, "More people are linking devices than the server can serve.", "Try again when the time shown is over."],
  ARCHIVE_CONFLICT: [EXIT.offline, "Another device is writing the archive.", LATER],
  OUTCOME_UNKNOWN: [EXIT.fault, "The server does not know one of the counts that were sent.", "Nothing is affected; update when you can."],

  CODE_MALFORMED: [EXIT.usage, "This is not a code of Hawser.", "Copy the whole link, from https:// or http:// to its end."],
  CODE_OTHER_ORIGIN: [
    EXIT.refused,
    "This code belongs to another server.",
    "Only approve codes of the address you use. A page that looks like yours but is not may have made it.",
  ],
  CODE_WRONG: [EXIT.refused, "No screen shows these letters.", "Check each letter, or use those that are on the screen now."],
  CODE_EXPIRED: [EXIT.refused, "This code is no longer valid.", NEW_CODE],
  CODE_UNSUPPORTED: [EXIT.updateNeeded, "This code is of a newer version.", "Update this program."],
  CODE_ALREADY_USED: [EXIT.refused, "This code has been used already.", NEW_CODE],
  SCAN_DEADLINE: [EXIT.offline, "Nobody scanned the code.", "Run hawser link again when the phone is at hand."],
  REQUEST_DEADLINE: [EXIT.offline, "The other device did not answer in time.", NEW_CODE],
  DECISION_DEADLINE: [EXIT.offline, "Nobody decided on the phone in time.", "Run hawser link again."],
  ACTIVATION_DEADLINE: [EXIT.offline, "The new device did not come online in time.", NEW_CODE],
  DECLINED: [EXIT.refused, "The link was declined.", "If that was a mistake, start again with a fresh code."],
  PASSKEY_OTHER_ORIGIN: [
    EXIT.refused,
    "The passkey was used on a page that is not ours: a fake login page. It was refused.",
    "Close that page, and type the address yourself.",
  ],
  PASSKEY_INVALID: [EXIT.refused, "The passkey did not pass its check.", NEW_CODE],
  PASSKEY_REQUIRED: [
    EXIT.refused,
    "This account links only with a passkey, and the new device showed none.",
    "Link a browser that has the passkey, or allow links without one in the phone's settings.",
  ],
  PASSKEY_UNUSABLE: [EXIT.usage, "This is no passkey that can be used here.", "Try another authenticator."],
  PASSKEY_UNKNOWN: [EXIT.notFound, "This passkey restores no account on this server.", "Use another one, or the recovery code."],
  RECOVERY_ANSWER_INVALID: [
    EXIT.refused,
    "What the server answered for this passkey did not pass its check. Nothing was restored.",
    "Try again later, or use the recovery code.",
  ],
  MATCH_CODE_WRONG: [
    EXIT.refused,
    "These are not the digits that the other screen shows.",
    "If it shows others than this device expects, somebody else may be asking. Start again with a fresh code.",
  ],
  CHANNEL_TAMPERED: [EXIT.refused, "Somebody changed what was sent. The link was stopped.", "Try again on another network."],
  VERSION: [EXIT.updateNeeded, "The two devices have no version in common.", "Update the older of the two."],
  CANCELLED: [EXIT.refused, "The link was cancelled.", "Run hawser link again when you like."],
  SERVER_UNREACHABLE: [EXIT.offline, "The server cannot be reached.", "Check the network and --server."],
  SERVER_REFUSED: [EXIT.offline, "The server refused the link.", LATER],

  WRONG_PHASE: [EXIT.wrongPhase, "The profile is not in the right state for this.", "See: hawser status"],
  WRONG_ROLE: [
    EXIT.wrongPhase,
    "Only the other kind of device can do this.",
    "Phones create, approve and revoke; companions link and ask for history. See: hawser whoami",
  ],
  UNKNOWN_CONVERSATION: [EXIT.notFound, "There is no such chat.", "See: hawser chats"],
  UNKNOWN_MESSAGE: [EXIT.notFound, "There is no such message here.", "See: hawser messages CHAT"],
  ATTACHMENT_UNAVAILABLE: [
    EXIT.offline,
    "None of your devices that can be reached has this file.",
    "Bring the device that has it online, then run the command again.",
  ],
  UNKNOWN_CONTACT: [
    EXIT.notFound,
    "There is no such person among the contacts.",
    "See: hawser contacts, or add one: hawser contacts add HANDLE",
  ],
  UNKNOWN_BRANCH: [EXIT.notFound, "There is no such list of devices of this person.", "See: hawser contacts fork PERSON"],
  TEXT_TOO_LONG: [EXIT.usage, "The text is too long for one message.", "Send it as a file: --file"],
  EMPTY_MESSAGE: [EXIT.usage, "There is nothing to send.", "Give a text, - for standard input, or --file."],
  NAME_TOO_LONG: [EXIT.usage, "The name is empty or too long.", "Choose a shorter one."],
  RECOVERY_CODE_MALFORMED: [EXIT.usage, "This is not a recovery code.", "Check it character by character."],
  RECOVERY_CODE_WRONG: [
    EXIT.refused,
    "The recovery code does not open this account.",
    "Check the handle and the code; a newer code replaces older ones.",
  ],
  IMPORT_UNREADABLE: [
    EXIT.storage,
    "This file is not a chat export that can be read.",
    "Export the chat again; .txt and .zip files are understood.",
  ],
  STORAGE_FULL: [EXIT.storage, "The disk is full.", "Make room, then try again. Nothing is lost."],
  STORAGE_LOST: [
    EXIT.storage,
    "The profile's data is damaged or gone.",
    "In another folder (--profile DIR), a companion: hawser link; a phone: hawser account restore HANDLE",
  ],
  OFFLINE: [EXIT.offline, "There is no connection to the server.", "Check the network and --server. What was queued goes out later."],
  SELF: [EXIT.usage, "That is your own account.", "Choose somebody else."],
  CLOSED: [EXIT.offline, "The process that had this profile open has ended.", "Run the command again."],

  USAGE: [EXIT.usage, "The command line is not valid.", "See: hawser --help"],
  INTERRUPTED: [EXIT.interrupted, "Interrupted.", ""],
  TERMINATED: [EXIT.terminated, "Terminated.", ""],
  PROFILE_IN_USE: [EXIT.locked, "Another process has this profile open.", "Wait for it, end it, or use another one: --profile DIR"],
  DATA_LOCKED: [EXIT.locked, "Another server uses this data folder.", "Stop it first, or give another folder: --data DIR"],
  ADDRESS_IN_USE: [EXIT.refused, "Another program listens on this port.", "Give another one: --port 8788"],
  ADDRESS_UNAVAILABLE: [EXIT.refused, "This computer may not listen on this address.", "Check --host, and use a --port above 1023."],
  FILE_UNREADABLE: [EXIT.storage, "The file cannot be read.", "Check its name and rights."],
  AMBIGUOUS_NAME: [
    EXIT.usage,
    "Several chats or contacts have this name.",
    "Use the handle, the account or the chat's id: hawser chats --json",
  ],
  NOT_CONFIRMED: [EXIT.refused, "Nothing was done.", ""],
  WAIT_DEADLINE: [
    EXIT.offline,
    "It did not happen in time.",
    "The message is safe here and goes on its way by itself whenever this profile is online.",
  ],
  HISTORY_WAITING: [
    EXIT.offline,
    "This device is linked. Its history is not complete yet.",
    "The phone has to be online. Go on with: hawser history --wait",
  ],
  EMPTY_PROFILE: [
    EXIT.wrongPhase,
    "This profile has no account yet.",
    "Make one with hawser account create HANDLE, or link to a phone with hawser link.",
  ],
  LINKING_UNFINISHED: [EXIT.wrongPhase, "This profile is in the middle of linking.", "Go on with: hawser link"],
  PROFILE_HAS_ACCOUNT: [EXIT.wrongPhase, "This profile has an account already.", "Use another folder: --profile DIR. See: hawser whoami"],
  REVOKED: [EXIT.revoked, "This device was signed out by the account.", "Link it again: hawser link"],
  UNREACHABLE: [EXIT.offline, "The server cannot be reached.", "Check the network and --server. What was queued goes out later."],
  NO_SUCH_DEVICE: [EXIT.notFound, "The account has no such device.", "See: hawser devices"],
  NOT_A_BACKUP: [EXIT.storage, "This folder is not a backup of a Hawser server.", "Give a folder that hawser backup has written."],
};

/** An error of this program with what a person should know in addition. */
export class CliError extends OperationalError {
  override readonly name: string = "CliError";
  /** Replaces the catalogue's sentence. */
  readonly detail: string | undefined;
  readonly nextStep: string | undefined;

  constructor(
    code: ErrorName | LinkErrorName | ClientErrorName | CliErrorName,
    options: { detail?: string; next?: string; cause?: unknown } = {},
  ) {
    super(code, { cause: options.cause });
    this.detail = options.detail;
    this.nextStep = options.next;
  }
}

/** What to say about anything that was thrown. Unknown codes are said as they are, never hidden. */
export function describeError(error: unknown): ErrorText & { readonly code: string } {
  const code = error instanceof OperationalError ? error.code : "INTERNAL";
  const entry = (ERROR_TEXTS as Record<string, Entry>)[code];
  const [exit, message, next] = entry ?? [
    EXIT.fault,
    `It failed with ${code}.`,
    "Try again; if it happens again, please report it with the code.",
  ];
  const detail = error instanceof CliError ? error.detail : undefined;
  const nextStep = error instanceof CliError ? error.nextStep : undefined;
  return { code, exit, message: detail ?? message, next: nextStep ?? next };
}
