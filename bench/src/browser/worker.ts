/** The store of the client in a browser, with the drivers of the web app, filled and asked. Runs in a dedicated worker. */
import type { SqlDatabase } from "@hawser/base";
import { purePrimitives } from "@hawser/crypto";
import { openStorage } from "@hawser/io-web/open-storage";
import texts from "../../data/sms-spam-collection.tsv?raw";
import { bareRate, fillStore, openStore, searchQueries, searchTimes, type Store } from "../shared/fill-store.ts";
import { seededRandom, textsFrom } from "../shared/texts.ts";
import type { Questions } from "./questions.ts";

const textNumber = textsFrom(texts);

async function withStore<T>(profile: string, body: (store: Store, database: SqlDatabase) => T): Promise<T> {
  const { database, kind } = await openStorage({ profile });
  if (kind !== "opfs") throw new Error(`the storage is ${kind}, not the file system`);
  try {
    return body(openStore(database, purePrimitives), database);
  } finally {
    database.close();
  }
}

type Answers = { readonly [Name in keyof Questions]: (...parameters: Parameters<Questions[Name]>) => Promise<ReturnType<Questions[Name]>> };

const answers: Answers = {
  fill({ profile, messages, conversations }) {
    return withStore(profile, (store) => {
      const beganMs = performance.now();
      fillStore(store, { messages, conversations, textNumber });
      return (performance.now() - beganMs) / 1_000;
    });
  },
  bare({ profile, messages, conversations }) {
    return withStore(profile, (store) => bareRate(store, { messages, conversations, textNumber }));
  },
  fillAndSearch({ profile, messages, conversations, queriesOfAKind }) {
    return withStore(profile, (store) => {
      const beganMs = performance.now();
      fillStore(store, { messages, conversations, textNumber });
      const rowsPerSecond = (messages * 1_000) / (performance.now() - beganMs);
      const queries = searchQueries(queriesOfAKind, textNumber, seededRandom(1));
      return { rowsPerSecond, times: searchTimes(store, queries) };
    });
  },
};

interface Asked {
  readonly question: keyof Questions;
  readonly parameters: readonly never[];
}

addEventListener("message", ({ data: { question, parameters } }: MessageEvent<Asked>) => {
  (answers[question] as (...parameters: readonly never[]) => Promise<unknown>)(...parameters).then(
    (value) => postMessage({ value }),
    (error: unknown) => postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
