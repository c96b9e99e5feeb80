import { FIRST_WORDS } from "../first-words.ts";
import { account } from "./account.ts";
import { chats } from "./chats.ts";
import { diagnosis } from "./diagnosis.ts";
import { errors } from "./errors.ts";
import { forks } from "./forks.ts";
import { linking } from "./linking.ts";
import { moving } from "./moving.ts";
import { syncing } from "./syncing.ts";

export const messages = { ...FIRST_WORDS.az, ...chats, ...linking, ...moving, ...syncing, ...forks, ...account, ...diagnosis, ...errors };
