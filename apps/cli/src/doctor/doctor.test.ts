/**
 * `hawser doctor` in real situations: a real server, one thing broken at a time, the real program as a process. Invariants: right on all of
 * them, never "me" while the server is at fault, and nothing of anybody in what it says.
 */
import { spawnSync } from "node:child_process";
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cause, Whose } from "@hawser/diagnosis";
import type { HawserClient } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import { loadOrCreateCertificate, type RunningServer, startServer } from "@hawser/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Gate } from "../testing/gate.ts";
import { type Finished, Hawser, hawser } from "../testing/spawn-hawser.ts";
import { clockWrongBy, NO_WRONG_CLOCKS } from "../testing/wrong-clock.ts";

/** Not the system's temporary folder, which may be in memory: that would be a finding. */
const CACHE = fileURLToPath(new URL("../../../../.cache", import.meta.url));
const NO_NETWORK = ["unshare", "-rn"] as const;
const EXITS: Readonly<Record<Whose, number>> = { nobody: 0, me: 20, network: 21, server: 22, "cannot-tell": 23 };
/** What a machine lacks may be left out, and is counted as skipped; more than this proves nothing. */
const MIN_PLAYED = { of: 11, from: 12 };

let folder: string;
let server: RunningServer;
const gate = new Gate();

const at = (profile: string): string => join(folder, profile);
const doctor = (profile: string, more: readonly string[] = [], how: Parameters<typeof hawser>[1] = {}): Promise<Finished> =>
  hawser(["--profile", at(profile), "--server", gate.url, "--json", ...more, "doctor"], how);

/** A copy of the account's profile; nothing that is done to it reaches the others. */
function copyOf(profile: string, name: string, place = folder): string {
  cpSync(at(profile), join(place, name), { recursive: true });
  return join(place, name);
}

beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, "doctor-"));
  await gate.open();
  server = await startServer({ dataDir: at("server"), registration: "open", logLevel: "silent", origin: gate.url });
  gate.target = server.port;
  const first = openNodeClient({ profileDir: at("phone"), serverUrl: gate.url, kind: "terminal" });
  await first.createAccount({ handle: "canary.handle", displayName: "Canary Name", deviceName: "Canary Phone" });
  await first.close();
  copyOf("phone", "before-link");
  const phone = openNodeClient({ profileDir: at("phone"), serverUrl: gate.url, kind: "terminal" });
  const laptop = await link(phone);
  await laptop.close();
  const { device } = (await phone.devices()).find((other) => other.name === "Canary Laptop")!;
  await phone.revokeDevice(device);
  await phone.close();
}, 60_000);

afterAll(async () => {
  await gate.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function link(phone: HawserClient): Promise<HawserClient> {
  const laptop = openNodeClient({ profileDir: at("laptop"), serverUrl: gate.url, kind: "terminal" });
  const stage = (client: HawserClient, wanted: string): Promise<{ uri?: string | undefined; attempt?: unknown }> =>
    new Promise((resolve) => {
      const look = (): void =>
        void client.linkStatus().then((status) => {
          if (status?.stage === wanted) resolve(status);
        });
      client.subscribe(look);
      look();
    });
  await laptop.startLink({ deviceName: "Canary Laptop", platform: "test" });
  await phone.openLinkCode((await stage(laptop, "waiting-for-scan")).uri!);
  await phone.approveLink((await stage(phone, "comparing")).attempt as never);
  await stage(laptop, "active");
  return laptop;
}

interface Situation {
  readonly what: string;
  readonly whose: Whose;
  readonly cause: Cause;
  readonly look: () => Promise<Finished>;
  /** What this machine lacks to play it. */
  readonly lacks?: string | undefined;
}

const behind = async (mode: Parameters<Gate["set"]>[0], look = () => doctor("phone")): Promise<Finished> => {
  await gate.set(mode);
  try {
    return await look();
  } finally {
    await gate.set("open");
  }
};
const without = async (role: Parameters<RunningServer["takeOut"]>[0]): Promise<Finished> => {
  server.takeOut(role);
  try {
    return await doctor("phone");
  } finally {
    server.putBack(role);
  }
};

const SITUATIONS: readonly Situation[] = [
  { what: "everything is fine", whose: "nobody", cause: "ALL_WELL", look: () => doctor("phone") },
  { what: "no account yet", whose: "nobody", cause: "ALL_WELL", look: () => doctor("nobody") },
  { what: "the server is gone", whose: "server", cause: "SERVER_DOWN", look: () => behind("gone") },
  { what: "the server hangs", whose: "server", cause: "SERVER_SILENT", look: () => behind("mute") },
  { what: "its proxy cannot reach it", whose: "server", cause: "SERVER_FAULTY", look: () => behind("bad-gateway") },
  { what: "the directory's store is dead", whose: "server", cause: "MESSAGES_DOWN", look: () => without("directory") },
  { what: "the mailbox store is dead", whose: "server", cause: "MESSAGES_DOWN", look: () => without("mailbox") },
  { what: "linking is dead, chats work", whose: "server", cause: "LINKING_DOWN", look: () => without("rendezvous") },
  {
    what: "this machine has no network",
    whose: "network",
    cause: "NO_NETWORK",
    lacks: spawnSync(NO_NETWORK[0], [NO_NETWORK[1], "true"]).status === 0 ? undefined : "unshare -rn is not allowed here",
    look: () =>
      hawser(["--profile", copyOf("phone", "no-network"), "--server", "http://192.0.2.7:8787", "--json", "doctor"], {
        through: NO_NETWORK,
      }),
  },
  {
    what: "the name service fails",
    whose: "network",
    cause: "NAME_NOT_FOUND",
    look: () => hawser(["--profile", copyOf("phone", "no-name"), "--server", "http://chat.invalid:8787", "--json", "doctor"]),
  },
  { what: "a proxy strips Upgrade", whose: "network", cause: "SOCKET_BLOCKED", look: () => behind("no-upgrade") },
  { what: "a login page is in between", whose: "network", cause: "LOGIN_PAGE", look: () => behind("login-page") },
  { what: "TLS is intercepted", whose: "network", cause: "INTERCEPTED", look: behindForeignTls },
  {
    what: "the own clock is 3 days ahead",
    whose: "me",
    cause: "CLOCK_WRONG",
    lacks: NO_WRONG_CLOCKS,
    look: () => doctor("phone", [], { environment: clockWrongBy("+3d") }),
  },
  { what: "the database is damaged", whose: "me", cause: "STORAGE_DAMAGED", look: onDamagedStore },
  { what: "damaged, and the server is gone", whose: "server", cause: "SERVER_DOWN", look: () => behind("gone", onDamagedStore) },
  { what: "signed out, and messages are down", whose: "server", cause: "MESSAGES_DOWN", look: revokedWhileDown },
  { what: "signed out by the phone", whose: "me", cause: "DEVICE_REVOKED", look: () => doctor("laptop") },
  { what: "the program is too old", whose: "me", cause: "CLIENT_TOO_OLD", look: () => behind("newer") },
  {
    what: "storage in memory",
    whose: "me",
    cause: "STORAGE_FLEETING",
    lacks: existsSync("/dev/shm") ? undefined : "no /dev/shm here",
    look: onMemory,
  },
];

async function behindForeignTls(): Promise<Finished> {
  const [own, foreign] = ["own-tls", "foreign-tls"].map((name) => loadOrCreateCertificate(at(name), []));
  writeFileSync(at("own.pem"), own!.cert);
  const other = await startServer({ dataDir: at("tls-server"), registration: "open", logLevel: "silent", tls: foreign! });
  try {
    return await hawser(["--profile", at("tls"), "--server", other.url, "--ca", at("own.pem"), "--json", "doctor"]);
  } finally {
    await other.stop();
  }
}

async function onDamagedStore(): Promise<Finished> {
  const profile = `damaged-${Math.random().toString(36).slice(2)}`;
  const path = join(copyOf("before-link", profile), "client.db");
  const noise = Buffer.alloc(8_192, 0x5a);
  const file = openSync(path, "r+");
  for (let offset = 8_192; offset < statSync(path).size; offset += 24_576) writeSync(file, noise, 0, noise.length, offset);
  closeSync(file);
  return doctor(profile);
}

async function revokedWhileDown(): Promise<Finished> {
  copyOf("laptop", "laptop-down");
  server.takeOut("mailbox");
  try {
    return await doctor("laptop-down");
  } finally {
    server.putBack("mailbox");
  }
}

async function onMemory(): Promise<Finished> {
  const place = mkdtempSync("/dev/shm/hawser-doctor-");
  try {
    return await hawser(["--profile", copyOf("phone", "profile", place), "--server", gate.url, "--json", "doctor"]);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const diagnosisOf = ({ lines }: Finished) => lines.find((line) => line.event === "diagnosis");

describe("tells whose trouble it is", () => {
  const rows: string[] = [];
  let played = 0;

  test.for(SITUATIONS)("$what", async ({ what, whose, cause, look, lacks }, { skip }) => {
    if (lacks !== undefined) skip(lacks);
    const finished = await look();
    const found = diagnosisOf(finished);
    expect(found, `${finished.stdout}\n${finished.stderr}`).toBeDefined();
    const sure = Math.round(Number(found!["confidence"]) * 100);
    rows.push(`${what.padEnd(36)} ${String(found!["whose"]).padEnd(12)} ${String(found!["cause"]).padEnd(18)} ${sure} %  ${String(found!["tookMs"])} ms`); // prettier-ignore
    expect([found!["whose"], found!["cause"], finished.exit], finished.stdout).toEqual([whose, cause, EXITS[whose]]);
    // The way to the server stands in the command; nothing else of anybody is anywhere, and in the report not even that.
    const said = finished.stdout + finished.stderr;
    expect(said).not.toMatch(/canary|127\.0\.0\.1|192\.0\.2\.7|chat\.invalid|doctor-/i);
    played += 1;
  });

  test(`at least ${MIN_PLAYED.of} of ${MIN_PLAYED.from} situations were played`, () => {
    console.log(rows.join("\n"));
    expect(played / SITUATIONS.length).toBeGreaterThanOrEqual(MIN_PLAYED.of / MIN_PLAYED.from);
  });
});

test("another profile of this machine is asked, and two profiles agree", async () => {
  const others = async (): Promise<unknown> => (await doctor("phone")).lines.find((line) => line["name"] === "others")?.["finding"];
  const neighbour = new Hawser(["--profile", at("nobody-else"), "--server", gate.url, "--json", "account", "create", "canary.two"]);
  expect(await neighbour.ended()).toBe(0);
  const listener = new Hawser(["--profile", at("nobody-else"), "--json", "listen"]);
  await listener.sees((line) => line.event === "connection" && line["state"] === "online");
  expect(await others()).toBe("online");
  await gate.set("gone");
  await listener.sees((line) => line.event === "connection" && line["state"] === "offline");
  expect(await others()).toBe("offline");
  await gate.set("open");
  await listener.kill("SIGTERM");
}, 60_000);

test("for people: the verdict in plain words, steps, and a report apart", async () => {
  const words = ["--profile", at("phone"), "--server", gate.url, "doctor"];
  await gate.set("gone");
  const { exit, stdout } = await hawser(words);
  expect([exit, stdout]).toEqual([22, expect.stringContaining("It is the server. Nothing is wrong here.")]);
  expect(stdout).toMatch(/safest first:\n {2}1\. Wait\./);
  const report = await hawser([...words, "--report"]);
  expect(report.stdout).toMatch(/^Hawser \d+\.\d+\.\d+ \(terminal\), .*\nverdict: server SERVER_DOWN/);
  await gate.set("open");
}, 60_000);
