/** Every command, in the order of the help. */
import type { DefineCommand } from "../context.ts";
import { account } from "./account.ts";
import { alerts } from "./alerts.ts";
import { approve } from "./approve.ts";
import { archive } from "./archive.ts";
import { backupServer } from "./backup.ts";
import { chats } from "./chats.ts";
import { contacts } from "./contacts.ts";
import { devices } from "./devices.ts";
import { doctor } from "./doctor.ts";
import { history } from "./history.ts";
import { importChat } from "./import.ts";
import { invite } from "./invite.ts";
import { link } from "./link.ts";
import { listen } from "./listen.ts";
import { move } from "./move.ts";
import { send } from "./send.ts";
import { serve } from "./serve.ts";
import { signOut } from "./sign-out.ts";
import { status } from "./status.ts";

export const COMMANDS: readonly DefineCommand[] = [
  serve, invite, backupServer, account, link, approve, move, devices, alerts, signOut, contacts, send, listen, chats, history, archive, importChat, status, doctor,
]; // prettier-ignore
