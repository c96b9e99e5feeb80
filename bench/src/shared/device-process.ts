/** One device as a process of its own: the client of `@hawser/sdk` as a terminal has it. Reports when things happened by its own clock. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AccountId } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { type HawserClient, openNodeClient } from "@hawser/sdk/node/index";
import { textNumber } from "../corpus.ts";
import { answer } from "./answering.ts";
import { approve, ceremonyCode, type FirstScreen, firstMessage, type HistoryTimes, historyTimes } from "./device-watch.ts";
import { bareRate, fillStore, openStore } from "./fill-store.ts";

export interface Profile {
  readonly profileDir: string;
  readonly serverUrl: string;
}

let client: HawserClient | undefined;
const opened = (): HawserClient => {
  if (client === undefined) throw new Error("no profile is open");
  return client;
};
const close = async (): Promise<void> => {
  await client?.close();
  client = undefined;
};
const open = (profile: Profile): HawserClient => (client = openNodeClient(profile));

let history: Promise<HistoryTimes> | undefined;
let screen: Promise<FirstScreen> | undefined;

answer(
  {
    /** A phone with an account, and with so many messages from before. */
    async phone(profile: Profile, handle: string, messages: number, conversations: number): Promise<AccountId> {
      const self = await open(profile).createAccount({ handle, displayName: handle, deviceName: "phone" });
      if (messages === 0) return self.account;
      await close();
      const database = openSqliteDatabase(join(profile.profileDir, "client.db"));
      fillStore(openStore(database, nodePrimitives), { messages, conversations, textNumber });
      database.close();
      open(profile);
      return self.account;
    },
    /** A new device: the text of its code. */
    companion: (profile: Profile) => ceremonyCode(open(profile)),
    /** Reads a code, waits for the other side and confirms: when it was confirmed. */
    approve: (code: string) => approve(opened(), code),
    /** After `companion`: when this device may write, and when its first message was taken by the server. */
    firstMessage: (to: AccountId) => firstMessage(opened(), to),
    /** Rows a second into an empty store of this platform. */
    bare(folder: string, messages: number, conversations: number): number {
      mkdirSync(folder, { recursive: true });
      const database = openSqliteDatabase(join(folder, "client.db"));
      const rate = bareRate(openStore(database, nodePrimitives), { messages, conversations, textNumber });
      database.close();
      return rate;
    },
    watchHistory(conversations: number): void {
      ({ screen, history } = historyTimes(opened(), conversations));
    },
    firstScreen: () => screen,
    history: () => history,
    close,
  },
  close,
);
