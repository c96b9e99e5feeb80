/** What the demo has to know again at its next start. Written before it is used, replaced atomically. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MessageId, newMessageId } from "@hawser/base";

export interface Person {
  readonly key: "anna" | "ben";
  readonly displayName: string;
  /** In the exported chats. */
  readonly shortName: string;
  readonly answers: boolean;
}

export const PEOPLE: readonly [Person, Person] = [
  { key: "anna", displayName: "Anna (demo)", shortName: "Anna", answers: false },
  { key: "ben", displayName: "Ben (demo)", shortName: "Ben", answers: true },
];

interface Known {
  readonly handle?: string;
  /** Kept in the open because these accounts are for looking around only. A real code belongs on paper. */
  readonly recoveryCode?: string;
}

interface Stored {
  readonly startedAtMs: number;
  readonly people: Partial<Record<Person["key"], Known>>;
  readonly messageIds: readonly MessageId[];
  readonly conversationMade: boolean;
}

export interface DemoMemory {
  /** The past lies before it. */
  readonly startedAtMs: number;
  of(person: Person): Known;
  learn(person: Person, known: Known): void;
  /** The id of the live message with this number, the same at every start. */
  messageId(index: number): MessageId;
  readonly conversationMade: boolean;
  setConversationMade(): void;
}

const FILE = "demo.json";
const random = { bytes: (sizeBytes: number) => crypto.getRandomValues(new Uint8Array(sizeBytes)) };

export function openMemory(folder: string): DemoMemory {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FILE);
  let stored = read(path) ?? { startedAtMs: Date.now(), people: {}, messageIds: [], conversationMade: false };
  const change = (next: Partial<Stored>): void => {
    stored = { ...stored, ...next };
    writeFileSync(`${path}.new`, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  change({});
  return {
    startedAtMs: stored.startedAtMs,
    of: (person) => stored.people[person.key] ?? {},
    learn: (person, known) => change({ people: { ...stored.people, [person.key]: { ...stored.people[person.key], ...known } } }),
    messageId(index) {
      while (stored.messageIds.length <= index) change({ messageIds: [...stored.messageIds, newMessageId(Date.now(), random)] });
      return stored.messageIds[index]!;
    },
    get conversationMade() {
      return stored.conversationMade;
    },
    setConversationMade: () => change({ conversationMade: true }),
  };
}

function read(path: string): Stored | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
