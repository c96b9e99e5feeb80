/** The scenarios of `../scenarios.ts`, spoken to an XMPP server: same shapes, same meaning of done. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../scenarios.ts";
import { messageTo, numberIn, XmppClient } from "./xmpp-client.ts";

const AT_ONCE = 8;
/** Fresh accounts for each scenario, so that nothing waits from the one before. */
let generation = 0;

async function together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

async function register(url: string, users: readonly string[]): Promise<void> {
  await new XmppClient({ url, user: "", resource: "", carbons: false, presence: false }).register(users);
}

interface Pair {
  readonly to: string;
  readonly senders: readonly XmppClient[];
  readonly recipients: readonly XmppClient[];
}

async function connectPairs(url: string, count: number, devices: number): Promise<Pair[]> {
  const tag = `g${process.pid}x${generation++}`;
  const names = Array.from({ length: count }, (_, i) => [`s${tag}x${i}`, `r${tag}x${i}`] as const);
  await register(url, names.flat());
  const client = (user: string, d: number): XmppClient =>
    new XmppClient({ url, user, resource: `d${d}`, carbons: devices > 1, presence: true });
  const pairs = names.map(([from, to]): Pair => {
    const numbers = Array.from({ length: devices }, (_, d) => d);
    return { to, senders: numbers.map((d) => client(from, d)), recipients: numbers.map((d) => client(to, d)) };
  });
  await together(
    pairs.flatMap((pair) => [...pair.senders, ...pair.recipients]),
    (each) => each.logIn(),
  );
  await sleep(500);
  return pairs;
}

const close = (pairs: readonly Pair[]): void => {
  for (const pair of pairs) for (const client of [...pair.senders, ...pair.recipients]) client.close();
};

export async function peerOnline(
  url: string,
  options: { pairs: number; window: number; devices: number; seconds: number; warmUpSeconds: number },
): Promise<Record<string, number>> {
  const pairs = await connectPairs(url, options.pairs, options.devices);
  const random = randomBytes(300);
  const left = new Map<number, number>();
  let [next, delivered, running] = [0, 0, true];
  const fire = (pair: Pair): void => {
    left.set(next, options.devices);
    pair.senders[0]!.send(messageTo(pair.to, next++, random));
  };
  for (const pair of pairs) {
    for (const recipient of pair.recipients) {
      recipient.onMessage = (stanza) => {
        const number = numberIn(stanza);
        if (number === undefined) return;
        const copies = left.get(number);
        if (copies === undefined) return;
        if (copies > 1) left.set(number, copies - 1);
        else {
          left.delete(number);
          delivered++;
          if (running) fire(pair);
        }
      };
    }
  }
  for (const pair of pairs) for (let i = 0; i < options.window; i++) fire(pair);
  await sleep(options.warmUpSeconds * 1_000);
  const [fromCount, from] = [delivered, performance.now()];
  await sleep(options.seconds * 1_000);
  const perSecond = (delivered - fromCount) / ((performance.now() - from) / 1_000);
  running = false;
  await sleep(500);
  close(pairs);
  return { perSecond };
}

export async function peerLatency(
  url: string,
  options: { pairs: number; perSecond: number; seconds: number; warmUpSeconds: number },
): Promise<Record<string, number>> {
  const pairs = await connectPairs(url, options.pairs, 1);
  const random = randomBytes(300);
  const due: number[] = [];
  const latencies: number[] = [];
  const start = performance.now() + 100;
  const measureFrom = start + options.warmUpSeconds * 1_000;
  for (const pair of pairs) {
    pair.recipients[0]!.onMessage = (stanza) => {
      const number = numberIn(stanza);
      if (number !== undefined && due[number]! >= measureFrom) latencies.push(performance.now() - due[number]!);
    };
  }
  const total = Math.floor((options.warmUpSeconds + options.seconds) * options.perSecond);
  while (due.length < total) {
    const dueNow = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * options.perSecond));
    while (due.length < dueNow) {
      const number = due.length;
      due.push(start + ((number + 1) * 1_000) / options.perSecond);
      const pair = pairs[number % pairs.length]!;
      pair.senders[0]!.send(messageTo(pair.to, number, random));
    }
    await sleep(1);
  }
  await sleep(1_000);
  close(pairs);
  return { p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}

/** Messages for a user who is away, acknowledged by stream management; then the user comes. */
export async function peerOffline(
  url: string,
  options: { senders: number; batch: number; total: number },
): Promise<Record<string, number>> {
  const tag = `o${process.pid}x${generation++}`;
  const names = Array.from({ length: options.senders }, (_, i) => `e${tag}x${i}`);
  await register(url, [tag, ...names]);
  const random = randomBytes(300);
  const senders = names.map((user) => new XmppClient({ url, user, resource: "a", carbons: false, presence: false }));
  await together(senders, (sender) => sender.logIn());
  const each = Math.floor(options.total / options.senders);
  const from = performance.now();
  await Promise.all(
    senders.map(
      (sender, s) =>
        new Promise<void>((resolve) => {
          let sent = 0;
          const push = (): void => {
            for (let i = 0; i < options.batch && sent < each; i++) sender.send(messageTo(tag, s * each + sent++, random));
            sender.requestAcknowledgement();
          };
          sender.onAcknowledged = (count) => {
            if (count >= each) resolve();
            else if (count >= sent) push();
            else sender.requestAcknowledgement();
          };
          push();
        }),
    ),
  );
  const enqueuePerSecond = (each * options.senders) / ((performance.now() - from) / 1_000);
  for (const sender of senders) sender.close();
  await sleep(1_500);
  const device = new XmppClient({ url, user: tag, resource: "z", carbons: false, presence: true });
  const expected = each * options.senders;
  let [received, firstAt] = [0, 0];
  const { promise, resolve } = Promise.withResolvers<void>();
  device.onMessage = (stanza) => {
    if (numberIn(stanza) === undefined) return;
    if (received++ === 0) firstAt = performance.now();
    if (received === expected) resolve();
  };
  const drainFrom = performance.now();
  await device.logIn();
  await promise;
  const drainPerSecond = expected / ((performance.now() - drainFrom) / 1_000);
  device.close();
  return { enqueuePerSecond, drainPerSecond, drainFirstMs: firstAt - drainFrom };
}

export async function peerIdle(url: string, options: { count: number }): Promise<Record<string, number>> {
  const tag = `i${process.pid}x${generation++}`;
  const names = Array.from({ length: options.count }, (_, i) => `${tag}x${i}`);
  await register(url, names);
  const clients = names.map((user) => new XmppClient({ url, user, resource: "a", carbons: true, presence: true }));
  const from = performance.now();
  await together(clients, (client) => client.logIn());
  return { perSecond: options.count / ((performance.now() - from) / 1_000) };
}
