/** The figures of the server benchmark as people read them. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const ROWS: readonly (readonly [title: string, name: string, digits: number])[] = [
  ["one synchronised append of 4 KB, ms", "syncMs", 2],
  ["ws echo 50 × 8, msg/s", "echo50x4PerSecond", 0],
  ["online 50 pairs × 4 in flight, 1 device, msg/s", "online50x4PerSecond", 0],
  ["  as part of the echo", "online50x4ToEcho", 2],
  ["  commits per message", "commitsPerMessage", 3],
  ["ws echo 200 × 1, msg/s", "echo200x1PerSecond", 0],
  ["online 200 pairs × 1 in flight, msg/s", "online200x1PerSecond", 0],
  ["  as part of the echo", "online200x1ToEcho", 2],
  ["online 50 × 4, 3 devices each side, msg/s", "threeDevicesPerSecond", 0],
  ["  copies/s", "threeDevicesCopiesPerSecond", 0],
  ["latency at 2,000/s, p50 ms", "latencyP50Ms", 2],
  ["latency at 2,000/s, p99 ms", "latencyP99Ms", 2],
  ["  with 3 devices each side, p99 ms", "threeDevicesP99Ms", 2],
  ["  while somebody fetches a full mailbox, p99 ms", "latencyP99WhileDrainingMs", 2],
  ["messages for absent devices, msg/s", "enqueuePerSecond", 0],
  ["fetching a full mailbox, msg/s", "drainPerSecond", 0],
  ["  first message after ms", "drainFirstMs", 1],
  ["idle authenticated session, KB", "idleKbPerSession", 1],
  ["  of a server that has carried nothing yet", "idleKbPerSessionFreshServer", 1],
  ["connect and authenticate, per s", "connectPerSecond", 0],
  ["messages lost, repeated or refused", "lost", 0],
];

export class ServerTable {
  readonly #figures: Readonly<Record<string, number>>;
  readonly #rows = [...ROWS];
  readonly #remarks: string[] = [];

  constructor(figures: Readonly<Record<string, number>>) {
    this.#figures = figures;
  }

  row(title: string, name: string, digits: number): void {
    this.#rows.push([title, name, digits]);
  }

  remark(text: string): void {
    this.#remarks.push(text);
  }

  render(): string {
    const lines = this.#rows.map(([title, name, digits]) => {
      const figure = this.#figures[name];
      const text =
        figure === undefined || Number.isNaN(figure)
          ? "not measured"
          : figure.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d)(?<!\.\d*))/g, ",");
      return `${title.padEnd(58)}${text.padStart(14)}`;
    });
    return [...lines, ...this.#remarks].join("\n");
  }
}
