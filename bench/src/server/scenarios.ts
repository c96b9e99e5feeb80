/** What the generator does to a server: one function a scenario, each returns its figures. */
import { randomFillSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { accountIdToBytes, type Primitives } from "@hawser/base";
import { listHashPrefix, type VerifiedDeviceList } from "@hawser/crypto";
import { encodeSend, type SendTarget } from "@hawser/wire";
import { LoadClient } from "./load-client.ts";
import { firstList } from "./population.ts";

/** Sizes of an ordinary text message: a sealed body and a ratchet capsule for each device. */
const BODY_BYTES = 400;
const CAPSULE_BYTES = 128;
const MESSAGE_ID_AT = 5;
const COUNTER_AT = MESSAGE_ID_AT + 8;
const CONNECT_AT_ONCE = 32;

export interface Context {
  readonly primitives: Primitives;
  readonly port: number;
  readonly devicesPerAccount: number;
}

const lists = new Map<string, VerifiedDeviceList>();
function listOf(context: Context, account: number): VerifiedDeviceList {
  const key = `${account}/${context.devicesPerAccount}`;
  let list = lists.get(key);
  if (list === undefined) {
    list = firstList(context.primitives, account, context.devicesPerAccount);
    lists.set(key, list);
  }
  return list;
}

const random = (sizeBytes: number): Uint8Array => randomFillSync(new Uint8Array(sizeBytes));

function target(context: Context, account: number, devices: readonly number[]): SendTarget {
  const list = listOf(context, account);
  const capsules = devices.map((device) => ({ device, bytes: random(CAPSULE_BYTES) }));
  return { account: accountIdToBytes(list.account), listNumber: list.number, listHashPrefix: listHashPrefix(list), capsules };
}

/** A SEND whose request and message id are written into place before each use. */
function template(context: Context, from: number, to: number): Buffer {
  const { devicesPerAccount } = context;
  const all = Array.from({ length: devicesPerAccount }, (_, i) => i + 1);
  const frame = encodeSend({
    request: 0,
    messageId: random(16),
    targets: [target(context, to, all), target(context, from, all.slice(1))],
    body: random(BODY_BYTES),
  });
  return Buffer.from(frame.buffer, frame.byteOffset, frame.length);
}

/** Every message of a run has its own number; the id is unique in the run and random before it. */
function stamp(frame: Buffer, number: number): void {
  frame.writeUInt32BE(number, 1);
  frame.writeUInt32BE(0, COUNTER_AT);
  frame.writeUInt32BE(number, COUNTER_AT + 4);
}

async function connectAll(clients: readonly LoadClient[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < clients.length) await clients[next++]!.connect();
  };
  await Promise.all(Array.from({ length: CONNECT_AT_ONCE }, worker));
}

interface Pair {
  readonly sender: LoadClient;
  readonly others: readonly LoadClient[];
  readonly recipients: readonly LoadClient[];
  readonly frame: Buffer;
}

async function connectPairs(context: Context, count: number): Promise<Pair[]> {
  const client = (account: number, device: number): LoadClient =>
    new LoadClient({ ...context, account, device, list: listOf(context, account) });
  const pairs = Array.from({ length: count }, (_, i): Pair => {
    const numbers = Array.from({ length: context.devicesPerAccount }, (_unused, d) => d + 1);
    const [sender, ...others] = numbers.map((device) => client(2 * i, device));
    return {
      sender: sender!,
      others,
      recipients: numbers.map((device) => client(2 * i + 1, device)),
      frame: template(context, 2 * i, 2 * i + 1),
    };
  });
  await connectAll(pairs.flatMap((pair) => [pair.sender, ...pair.others, ...pair.recipients]));
  return pairs;
}

const closePairs = (pairs: readonly Pair[]): void => {
  for (const pair of pairs) for (const client of [pair.sender, ...pair.others, ...pair.recipients]) client.close();
};

export const percentile = (values: readonly number[], part: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
};

const numberIn = (frame: Buffer, messageIdAt: number): number => frame.readUInt32BE(messageIdAt + 12);

/** Closed loop: each pair keeps `window` messages under way; one is done when every device of the recipient has it. */
export async function online(
  context: Context,
  options: { pairs: number; window: number; seconds: number; warmUpSeconds: number },
): Promise<Record<string, number>> {
  const pairs = await connectPairs(context, options.pairs);
  const copiesLeft = new Map<number, number>();
  let [next, delivered, acknowledged, copies, faults, running] = [0, 0, 0, 0, 0, true];
  const fire = (pair: Pair): void => {
    const number = next++;
    copiesLeft.set(number, context.devicesPerAccount);
    stamp(pair.frame, number);
    pair.sender.send(pair.frame);
  };
  for (const pair of pairs) {
    pair.sender.events = { acknowledged: () => acknowledged++, rejected: () => faults++ };
    for (const other of pair.others) other.events = { delivered: () => copies++ };
    for (const recipient of pair.recipients) {
      recipient.events = {
        delivered: (frame, at) => {
          copies++;
          const number = numberIn(frame, at);
          const left = copiesLeft.get(number);
          if (left === undefined) faults++;
          else if (left > 1) copiesLeft.set(number, left - 1);
          else {
            copiesLeft.delete(number);
            delivered++;
            if (running) fire(pair);
          }
        },
      };
    }
  }
  for (const pair of pairs) for (let i = 0; i < options.window; i++) fire(pair);
  await sleep(options.warmUpSeconds * 1_000);
  const [fromDelivered, fromCopies, from] = [delivered, copies, performance.now()];
  await sleep(options.seconds * 1_000);
  const seconds = (performance.now() - from) / 1_000;
  const figures = { perSecond: (delivered - fromDelivered) / seconds, copiesPerSecond: (copies - fromCopies) / seconds };
  running = false;
  await sleep(300);
  closePairs(pairs);
  return { ...figures, missing: next - delivered, unacknowledged: next - acknowledged, faults };
}

/** Open loop: messages leave on time whatever the server does; latency counts from when each was due. */
export async function latency(
  context: Context,
  options: { pairs: number; perSecond: number; seconds: number; warmUpSeconds: number },
): Promise<Record<string, number>> {
  const pairs = await connectPairs(context, options.pairs);
  const latencies: number[] = [];
  const due: number[] = [];
  const copiesLeft: number[] = [];
  let faults = 0;
  const start = performance.now() + 100;
  const measureFrom = start + options.warmUpSeconds * 1_000;
  for (const pair of pairs) {
    pair.sender.events = { rejected: () => faults++ };
    for (const recipient of pair.recipients) {
      recipient.events = {
        delivered: (frame, at) => {
          const number = numberIn(frame, at);
          copiesLeft[number]!--;
          if (copiesLeft[number] === 0 && due[number]! >= measureFrom) latencies.push(performance.now() - due[number]!);
        },
      };
    }
  }
  const total = Math.floor((options.warmUpSeconds + options.seconds) * options.perSecond);
  const { promise, resolve } = Promise.withResolvers<void>();
  const tick = (): void => {
    const dueNow = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * options.perSecond));
    while (due.length < dueNow) {
      const number = due.length;
      due.push(start + ((number + 1) * 1_000) / options.perSecond);
      copiesLeft.push(context.devicesPerAccount);
      const pair = pairs[number % pairs.length]!;
      stamp(pair.frame, number);
      pair.sender.send(pair.frame);
    }
    if (due.length === total) resolve();
    else setTimeout(tick, 1);
  };
  tick();
  await promise;
  await sleep(500);
  closePairs(pairs);
  const missing = copiesLeft.filter((left) => left > 0).length;
  return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99), missing, faults };
}

/** Messages for devices that are away: senders with a window of acknowledgements under way. */
export async function enqueue(
  context: Context,
  options: { senders: number; window: number; recipients: number; firstRecipient: number; total: number },
): Promise<Record<string, number>> {
  const senders = Array.from(
    { length: options.senders },
    (_, i) => new LoadClient({ ...context, account: i, device: 1, list: listOf(context, i) }),
  );
  await connectAll(senders);
  const frames = senders.map((_, i) =>
    Array.from({ length: options.recipients }, (_unused, r) => template(context, i, options.firstRecipient + r)),
  );
  let [next, done, faults] = [0, 0, 0];
  const { promise, resolve } = Promise.withResolvers<void>();
  const fire = (i: number): void => {
    if (next >= options.total) return;
    const number = next++;
    const frame = frames[i]![number % options.recipients]!;
    stamp(frame, number);
    senders[i]!.send(frame);
  };
  for (const [i, sender] of senders.entries()) {
    sender.events = {
      acknowledged: () => {
        if (++done === options.total) resolve();
        else fire(i);
      },
      rejected: () => faults++,
    };
  }
  const from = performance.now();
  for (let w = 0; w < options.window; w++) for (let i = 0; i < senders.length; i++) fire(i);
  await promise;
  const seconds = (performance.now() - from) / 1_000;
  for (const sender of senders) sender.close();
  return { perSecond: options.total / seconds, faults };
}

/** A device comes back to `expected` waiting messages. */
export async function drain(context: Context, options: { account: number; expected: number }): Promise<Record<string, number>> {
  const device = new LoadClient({ ...context, account: options.account, device: 1, list: listOf(context, options.account) });
  let firstAt = 0;
  let lastAt = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  device.events = {
    delivered: () => {
      if (firstAt === 0) firstAt = performance.now();
      // `received` counts this one already.
      if (device.received === options.expected) {
        lastAt = performance.now();
        resolve();
      }
    },
  };
  const from = performance.now();
  await device.connect();
  await promise;
  await sleep(200);
  device.close();
  return { perSecond: options.expected / ((lastAt - from) / 1_000), firstMs: firstAt - from, repeated: device.received - options.expected };
}

/** The latency of everybody else while one device fetches a full mailbox. */
export async function drainUnderLoad(
  context: Context,
  options: Parameters<typeof latency>[1] & Parameters<typeof drain>[1],
): Promise<Record<string, number>> {
  const [load, drained] = await Promise.all([
    latency(context, options),
    sleep((options.warmUpSeconds + options.seconds / 2) * 1_000).then(() => drain(context, options)),
  ]);
  return { ...load, repeated: drained["repeated"]! };
}

/** Connects devices that then say nothing; they stay until the generator is told to go on. */
export async function connectIdle(
  context: Context,
  options: { count: number; firstAccount: number },
): Promise<{ perSecond: number; close: () => void }> {
  const clients = Array.from({ length: options.count }, (_, i) => {
    const account = options.firstAccount + Math.floor(i / context.devicesPerAccount);
    return new LoadClient({ ...context, account, device: 1 + (i % context.devicesPerAccount), list: listOf(context, account) });
  });
  const from = performance.now();
  await connectAll(clients);
  const perSecond = options.count / ((performance.now() - from) / 1_000);
  return { perSecond, close: () => clients.forEach((client) => client.close()) };
}
