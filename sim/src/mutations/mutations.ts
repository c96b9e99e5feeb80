/**
 * Bugs that somebody could write, planted from outside: between the parts and their ports, so that the product has no hooks for them.
 * A simulator that does not find each of them is worth nothing. `seed` finds it today; the test looks a few seeds further.
 */
import type { RuleName } from "../check/violation.ts";
import { SeededRandom } from "../engine/seeded-random.ts";
import type { Device } from "../nodes/device.ts";
import type { Seams } from "../nodes/world.ts";
import { forgottenForArchive, oldArchiveKeys } from "./archive-mutations.ts";
import { committedIsFlushed, nothingCutOff, salvagedIsWhole, unsyncedIsDurable } from "./disk-mutations.ts";
import { writtenIsReceived } from "./frame-http-mutations.ts";
import { lateCommits } from "./late-commits.ts";
import { capsulesLost, greedyCursor, revokedStayWelcome, skippedDeliveries } from "./server-mutations.ts";
import { forgottenOutbox, oldSessions, readMarksLost } from "./store-mutations.ts";
import { firstCodeKept, settledAtOnce } from "./phone-mutations.ts";
import {
  blockedForGood,
  droppedInSilence,
  earlyAcknowledgement,
  earlyCursor,
  goodbyeSignsOut,
  listNumbersUnchecked,
  lostFrames,
  lostReplies,
  oldCopiesUnnoticed,
} from "./wire-mutations.ts";

export interface Mutation {
  readonly name: string;
  /** Any of these shows it. */
  readonly caughtBy: readonly RuleName[];
  readonly seed: number;
  /** It needs people who do what is drawn apart; the others' seeds go without. */
  readonly apart?: true;
  /** A fresh one for each run: mutations remember things. */
  seams(): Seams;
}

const LATE_MS = 400;
const LOST: readonly RuleName[] = ["delivered exactly once", "devices agree", "every wait ends"];

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the server acknowledges before the commit",
    caughtBy: LOST,
    seed: 142,
    seams: () => ({
      server: (world) => ({
        database: (role, database) =>
          role === "mailbox" ? lateCommits(database, world.server.machine.clock(world.server.machine.life), LATE_MS) : database,
      }),
    }),
  },
  {
    name: "the client sends and confirms before its commit",
    caughtBy: [...LOST, "no key and nonce twice"],
    seed: 31,
    seams: () => ({
      device: (device) => ({ database: (database) => lateCommits(database, device.machine.clock(device.machine.life), LATE_MS) }),
    }),
  },
  { name: "the cursor leaves before the commit", caughtBy: LOST, seed: 26, seams: () => ({ device: () => ({ transport: earlyCursor }) }) },
  {
    name: "handed to the socket counts as sent",
    caughtBy: LOST,
    seed: 1,
    seams: () => ({ device: (_device, world) => ({ transport: (transport) => earlyAcknowledgement(transport, world) }) }),
  },
  {
    name: "a goodbye of any kind signs the device out",
    caughtBy: ["revoked only by signature"],
    seed: 8,
    seams: () => ({ device: (device) => ({ transport: (transport) => goodbyeSignsOut(transport, device) }) }),
  },
  {
    name: "nobody compares list numbers",
    caughtBy: LOST,
    seed: 7,
    seams: () => ({ device: (_device, world) => ({ transport: (transport) => listNumbersUnchecked(transport, world) }) }),
  },
  { name: "frames are lost on a living connection", caughtBy: LOST, seed: 1, seams: () => ({ device: () => ({ transport: lostFrames }) }) },
  {
    name: "sessions of an old copy are used again",
    caughtBy: ["no key and nonce twice", ...LOST],
    seed: 26,
    seams: () => {
      const memory = new Map<Device, { copies: Record<string, unknown>[]; starts: number }>();
      return { device: (device) => ({ database: (database) => oldSessions(database, device, memory) }) };
    },
  },
  {
    name: "a store that was put back goes on where it stood",
    caughtBy: ["no key and nonce twice"],
    seed: 71,
    seams: () => ({ device: () => ({ transport: oldCopiesUnnoticed }) }),
  },
  {
    name: "every process of a device draws the same random numbers",
    caughtBy: ["no key and nonce twice", ...LOST],
    seed: 9,
    seams: () => ({ device: (device) => ({ random: () => new SeededRandom(`always the same ${device.name}`) }) }),
  },
  {
    name: "bodies are not encrypted",
    caughtBy: ["no plaintext at the server"],
    seed: 1,
    seams: () => ({
      device: () => ({
        primitives: (primitives) => ({
          ...primitives,
          aes256GcmSeal: (_key, _nonce, plaintext) => new Uint8Array([...plaintext, ...new Uint8Array(16)]),
          aes256GcmOpen: (_key, _nonce, ciphertext) => ciphertext.slice(0, -16),
        }),
      }),
    }),
  },
  {
    name: "what waited to be sent is forgotten at a restart",
    caughtBy: LOST,
    seed: 3,
    seams: () => ({ device: (device) => ({ database: (database) => forgottenOutbox(database, device) }) }),
  },
  {
    name: "read marks are not written down",
    caughtBy: ["devices agree"],
    seed: 2,
    seams: () => ({
      device: (device) => ({ database: (database) => (device.name.endsWith("phone") ? readMarksLost(database) : database) }),
    }),
  },
  {
    name: "one delivery in fifty is skipped",
    caughtBy: LOST,
    seed: 3,
    seams: () => ({ server: () => ({ mailboxes: (mailboxes) => skippedDeliveries(mailboxes, 50) }) }),
  },
  { name: "a cursor takes one message too many", caughtBy: LOST, seed: 26, seams: () => ({ server: () => ({ mailboxes: greedyCursor }) }) },
  {
    name: "revoked devices stay welcome",
    caughtBy: ["revoked only by signature", "nothing after revocation", "one chain of lists"],
    seed: 2,
    seams: () => ({ server: () => ({ directory: revokedStayWelcome }) }),
  },
  {
    name: "the archive's key is renewed, and not used",
    caughtBy: ["nothing after revocation"],
    seed: 43,
    seams: () => {
      const first = new Map<string, Uint8Array>();
      return { device: () => ({ primitives: (primitives) => oldArchiveKeys(primitives, first) }) };
    },
  },
  {
    name: "some of what waits for the archive is taken for written",
    caughtBy: ["the archive is whole"],
    seed: 4,
    seams: () => ({ device: () => ({ database: forgottenForArchive }) }),
  },
  {
    name: "what was written into an answer counts as received",
    caughtBy: LOST,
    seed: 200_013,
    seams: () => ({ server: () => ({ httpSocket: writtenIsReceived }) }),
  },
  {
    name: "mailboxes acknowledge what was committed and not synced",
    caughtBy: LOST,
    seed: 300_000,
    seams: () => ({ server: () => ({ sync: unsyncedIsDurable }) }),
  },
  {
    name: "frames leave before the mirror of their store was flushed",
    caughtBy: [...LOST, "no key and nonce twice"],
    seed: 300_068,
    seams: () => ({ device: () => ({ flush: committedIsFlushed }) }),
  },
  {
    name: "a store that was rebuilt counts as whole",
    caughtBy: [...LOST, "no key and nonce twice"],
    seed: 340_090,
    seams: () => ({ device: () => ({ salvage: salvagedIsWhole }) }),
  },
  {
    name: "a move can be ended before its history came",
    caughtBy: LOST,
    seed: 4,
    apart: true,
    seams: () => ({
      device: (device) => ({ database: (database) => (device.name.includes("-phone-") ? settledAtOnce(database) : database) }),
    }),
  },
  {
    name: "a new recovery code does not take the place of the one before",
    caughtBy: ["every wait ends"],
    seed: 4,
    apart: true,
    seams: () => ({ server: () => ({ database: (role, database) => (role === "directory" ? firstCodeKept(database) : database) }) }),
  },
  {
    name: "the server keeps no device capsules",
    caughtBy: ["every wait ends"],
    seed: 5,
    apart: true,
    seams: () => ({ server: () => ({ database: (role, database) => (role === "directory" ? capsulesLost(database) : database) }) }),
  },
  {
    name: "a dormant device does not hear what its mailbox lost",
    caughtBy: LOST,
    seed: 35,
    apart: true,
    seams: () => ({ device: () => ({ transport: droppedInSilence }) }),
  },
  {
    name: "typed letters get no reply",
    caughtBy: ["every wait ends"],
    seed: 11,
    apart: true,
    seams: () => ({ device: () => ({ transport: lostReplies }) }),
  },
  {
    name: "a server goes on with a copy as if it had never been away",
    caughtBy: [...LOST, "no key and nonce twice"],
    seed: 350_010,
    seams: () => ({ server: () => ({ cutOff: nothingCutOff }) }),
  },
  {
    name: "the server does not hear that somebody is blocked no more",
    caughtBy: ["devices agree"],
    seed: 44,
    apart: true,
    seams: () => ({ device: () => ({ transport: blockedForGood }) }),
  },
  {
    name: "a timer in thirty never fires",
    caughtBy: LOST,
    seed: 3,
    seams: () => {
      let set = 0;
      return {
        device: () => ({
          clock: (clock) => ({
            ...clock,
            after: (delayMs, callback) => (++set % 30 === 0 ? () => undefined : clock.after(delayMs, callback)),
          }),
        }),
      };
    },
  },
];
