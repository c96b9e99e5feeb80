/**
 * The pair engine, with native and with pure primitives, beside the official libsignal (native Rust), interleaved in one
 * process. Every operation starts and ends with the session as bytes, as a store would hold it. libsignal is AGPL and
 * lives in interop/ (`npm ci` there); without it the ratios are not measured.
 */
import { type Bytes, must, ok, type Primitives } from "@hawser/base";
import { createPairEngine, purePrimitives } from "@hawser/crypto";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { BenchmarkResult, Goal } from "./benchmark.ts";
import { libsignalContender } from "./libsignal-contender.ts";

/** Not a dependency of the bench, and never one of the product. */
const ORACLE = ["@signalapp", "libsignal-client"].join("/");
const PLAINTEXT = new Uint8Array(200).fill(0x61);
const OPERATIONS = ["encrypt", "decrypt", "dhTurn", "establish"] as const;
type Operation = (typeof OPERATIONS)[number];

const TITLES: Record<Operation, string> = {
  encrypt: "encrypt 200 B",
  decrypt: "decrypt 200 B",
  dhTurn: "decrypt on a DH turn",
  establish: "establish, first message, both sides",
};
/** Operations per round and contender; slow ones take fewer. */
const BATCH: Record<Operation, number> = { encrypt: 100, decrypt: 100, dhTurn: 25, establish: 5 };
const ROUNDS = 25;
const QUICK_ROUNDS = 3;

/** One way to run a conversation. `prepare` makes what the timed call consumes and is not timed. */
export interface Contender {
  readonly name: string;
  /** Microseconds per operation, over `count` operations. */
  measure(operation: Operation, count: number): Promise<number>;
}

export const goals: Goal[] = [
  { name: "crypto encrypt ÷ libsignal", compare: "<=", value: 2, unit: "×" },
  { name: "crypto decrypt ÷ libsignal", compare: "<=", value: 2, unit: "×" },
  { name: "crypto DH turn ÷ libsignal", compare: "<=", value: 2, unit: "×" },
];

export async function run(options: { readonly quick?: boolean } = {}): Promise<BenchmarkResult> {
  const libsignal = await loadLibsignal();
  const contenders = [engineContender("native primitives", nodePrimitives), engineContender("pure primitives", purePrimitives)];
  if (libsignal !== undefined) contenders.push(await libsignalContender(libsignal, PLAINTEXT));
  const samples = new Map<string, number[]>();
  const rounds = options.quick === true ? QUICK_ROUNDS : ROUNDS;
  // Round 0 warms up. Within a round every contender has its turn, so that a noisy machine is noisy for all.
  for (let round = 0; round <= rounds; round++) {
    for (const operation of OPERATIONS) {
      for (const contender of contenders) {
        const microseconds = await contender.measure(operation, BATCH[operation]);
        const key = `${contender.name} ${operation}`;
        if (round > 0) samples.set(key, [...(samples.get(key) ?? []), microseconds]);
      }
    }
  }
  const median = (name: string, operation: Operation): number => {
    const sorted = (samples.get(`${name} ${operation}`) ?? []).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const ratio = (operation: Operation): number => median("native primitives", operation) / median("libsignal", operation);
  const figures: Record<string, number> = {
    "crypto encrypt ÷ libsignal": ratio("encrypt"),
    "crypto decrypt ÷ libsignal": ratio("decrypt"),
    "crypto DH turn ÷ libsignal": ratio("dhTurn"),
    "crypto establish ÷ libsignal": ratio("establish"),
  };
  for (const { name } of contenders)
    for (const operation of OPERATIONS) figures[`crypto ${TITLES[operation]}, ${name} (µs)`] = median(name, operation);
  const rows = OPERATIONS.map((operation) => [
    TITLES[operation],
    ...contenders.map(({ name }) => median(name, operation).toFixed(0)),
    `${ratio(operation).toFixed(2)} ×`,
  ]);
  const header = ["median µs", ...contenders.map(({ name }) => name), "native ÷ libsignal"];
  const table = [header, ...rows]
    .map((row) => row.map((cell, index) => (index === 0 ? cell.padEnd(38) : cell.padStart(20))).join(""))
    .join("\n");
  return { figures, table };
}

/** Alice and Bob with an open session, kept as bytes between calls. */
function engineContender(name: string, primitives: Primitives): Contender {
  const context = { nowMs: 0, random: { bytes: (size: number) => new Uint8Array(randomBytes(size)) } };
  const engine = createPairEngine(primitives);
  const side = (address: number) => ({
    identity: engine.newIdentity(context),
    address: Uint8Array.of(address),
    record: undefined as Bytes | undefined,
  });
  const [alice, bob] = [side(1), side(2)];
  const signed = engine.newSignedPreKey(1, bob.identity, context);
  const kem = engine.newKemPreKey(2, bob.identity, context);
  const oneTime = engine.newOneTimePreKey(3, context);
  const bundle = {
    identityDh: bob.identity.dhPublic,
    signPublic: bob.identity.signPublic,
    signedPreKey: signed,
    kemPreKey: kem,
    oneTimePreKey: oneTime,
  };
  type Side = typeof alice;
  const send = (from: Side): Bytes => {
    const { record, message } = must(engine.encrypt(from.record!, PLAINTEXT, context));
    from.record = record;
    return message;
  };
  const receive = (to: Side, from: Side, message: Bytes): void => {
    const addresses = { localAddress: to.address, remoteAddress: from.address };
    const preKeys = () => ok({ signed, kem, oneTime });
    const input = { record: to.record, message, identity: to.identity, remoteIdentityDh: from.identity.dhPublic, ...addresses, preKeys };
    to.record = must(engine.decrypt(input, context)).record;
  };
  const establish = (): void => {
    bob.record = undefined;
    alice.record = must(
      engine.initiate({ identity: alice.identity, bundle, localAddress: alice.address, remoteAddress: bob.address }, context),
    );
    receive(bob, alice, send(alice));
  };
  establish();
  receive(alice, bob, send(bob));
  return {
    name,
    async measure(operation, count) {
      if (operation === "establish") {
        const microseconds = timed(count, establish);
        receive(alice, bob, send(bob));
        return microseconds;
      }
      if (operation === "dhTurn") {
        let total = 0;
        for (let i = 0; i < count; i++) {
          const [to, from] = i % 2 === 0 ? [bob, alice] : [alice, bob];
          const message = send(from);
          total += timed(1, () => receive(to, from, message));
        }
        // An odd count would leave Alice waiting for a turn that never comes.
        if (count % 2 === 1) receive(alice, bob, send(bob));
        return total / count;
      }
      const messages: Bytes[] = [];
      const encrypted = timed(count, () => messages.push(send(alice)));
      const decrypted = timed(count, () => receive(bob, alice, messages.shift()!));
      return operation === "encrypt" ? encrypted : decrypted;
    },
  };
}

function timed(count: number, body: () => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) body();
  return Number(process.hrtime.bigint() - start) / 1000 / count;
}

/** The library out of interop/'s own packages; `undefined` when they are not installed. */
async function loadLibsignal(): Promise<unknown> {
  try {
    const require = createRequire(new URL("../../interop/package.json", import.meta.url));
    return await import(pathToFileURL(require.resolve(ORACLE)).href);
  } catch {
    return undefined;
  }
}
