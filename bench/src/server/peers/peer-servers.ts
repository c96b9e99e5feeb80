/** Starts Debian's prosody, and ejabberd over PostgreSQL, from their packages with configurations of our own in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, globSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { canPin, SERVER_CORE } from "../processes.ts";

export interface PeerServer {
  readonly url: string;
  /** Resident memory of the server itself, bytes. */
  memory(): number;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const PROSODY = "/usr/bin/prosody";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

function launch(command: readonly string[], folder: string, env: Record<string, string> = {}, identity: Identity = {}): ChildProcess {
  const [first, ...rest] = canPin() ? ["taskset", "-c", String(SERVER_CORE), ...command] : command;
  return spawn(first!, rest, { cwd: folder, stdio: "ignore", env: { ...process.env, LANG: "C.UTF-8", ...env }, ...identity });
}

async function listening(port: number, child: ChildProcess, name: string): Promise<void> {
  const until = performance.now() + START_DEADLINE_MS;
  while (performance.now() < until && child.exitCode === null) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`${name} did not start`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  const insist = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(insist);
}

/** `taskset` becomes the command it runs, so the child is the server. */
function residentBytes(child: ChildProcess): number {
  const text = execFileSync("/bin/cat", [`/proc/${child.pid}/status`], { encoding: "utf8" });
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) * 1_024;
}

export const hasProsody = (): boolean => existsSync(PROSODY);

export async function startProsody(folder: string): Promise<PeerServer> {
  const port = await freePort();
  mkdirSync(join(folder, "data"), { recursive: true });
  const file = join(folder, "prosody.cfg.lua");
  // Its own best: the incremental collector, tuned. It never syncs what it stores.
  writeFileSync(
    file,
    `run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
modules_enabled = { "roster", "saslauth", "disco", "ping", "register_ibr", "websocket", "mam", "offline", "carbons", "smacks", "presence", "message", "iq", "c2s" }
modules_disabled = { "s2s", "tls", "posix" }
allow_registration = true
registration_throttle_max = 1e9
c2s_require_encryption = false
require_encryption = false
allow_unencrypted_plain_auth = true
consider_websocket_secure = true
c2s_ports = { }
s2s_ports = { }
http_ports = { ${port} }
http_interfaces = { "127.0.0.1" }
https_ports = { }
http_default_host = "localhost"
authentication = "internal_plain"
storage = "internal"
default_archive_policy = true
archive_expires_after = "never"
storage_archive_item_limit = 10000000
smacks_max_queue_size = 500
limits = { }
gc = { mode = "incremental", threshold = 200, speed = 200 }
log = { warn = "${folder}/prosody.log" }
network_settings = { tcp_backlog = 4096; backlog = 4096; max_connections = 60000 }
VirtualHost "localhost"
`,
  );
  const child = launch([PROSODY, "--config", file, "-F"], folder);
  await listening(port, child, "prosody");
  await sleep(500);
  return { url: `ws://127.0.0.1:${port}/xmpp-websocket`, memory: () => residentBytes(child), stop: () => end(child, "SIGTERM") };
}

const ejabberdCode = (): string | undefined => globSync("/usr/lib/*/ejabberd-*/ebin")[0];
const postgresBinaries = (): string | undefined => globSync("/usr/lib/postgresql/*/bin").at(-1);

export const hasEjabberd = (): boolean =>
  ejabberdCode() !== undefined && postgresBinaries() !== undefined && existsSync("/usr/share/ejabberd/sql/pg.sql");

/** PostgreSQL refuses to run as root. */
function postgresIdentity(): Identity {
  if (process.getuid?.() !== 0) return {};
  const number = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: number("-u"), gid: number("-g") };
}

async function startPostgres(folder: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort();
  const binaries = postgresBinaries()!;
  const identity = postgresIdentity();
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid!);
  const data = join(folder, "data");
  execFileSync(join(binaries, "initdb"), ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"], {
    stdio: "ignore",
    cwd: folder,
    ...identity,
  });
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "max_connections=100",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
  ];
  const child = launch([join(binaries, "postgres"), "-D", data, ...settings.flatMap((setting) => ["-c", setting])], folder, {}, identity);
  await listening(port, child, "PostgreSQL");
  const psql = (...args: string[]): void => {
    execFileSync(join(binaries, "psql"), ["-q", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres", ...args], { stdio: "ignore" });
  };
  await sleep(500);
  psql("-c", "CREATE DATABASE ejabberd");
  psql("-d", "ejabberd", "-f", "/usr/share/ejabberd/sql/pg.sql");
  return { port, stop: () => end(child, "SIGINT") };
}

export async function startEjabberd(folder: string): Promise<PeerServer> {
  // PostgreSQL runs as a user of its own and must be able to pass through.
  chmodSync(folder, 0o711);
  const database = await startPostgres(join(folder, "postgres"));
  const port = await freePort();
  mkdirSync(join(folder, "db"), { recursive: true });
  const file = join(folder, "ejabberd.yml");
  writeFileSync(
    file,
    `hosts: [localhost]
loglevel: warning
listen:
  - {port: ${port}, ip: "127.0.0.1", module: ejabberd_http, backlog: 4096, request_handlers: {/ws: ejabberd_http_ws}}
auth_method: sql
auth_password_format: plain
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${database.port}
sql_database: ejabberd
sql_username: postgres
sql_pool_size: 10
new_sql_schema: false
shaper: {}
shaper_rules: {max_user_sessions: 20, max_user_offline_messages: infinity}
access_rules: {reg: {allow: all}}
modules:
  mod_adhoc: {}
  mod_carboncopy: {}
  mod_disco: {}
  mod_mam: {db_type: sql, default: always, assume_mam_usage: true}
  mod_offline: {db_type: sql, access_max_user_messages: max_user_offline_messages}
  mod_ping: {}
  mod_register: {access: reg, ip_access: all, access_remove: reg}
  mod_roster: {}
  mod_stream_mgmt: {resend_on_timeout: if_offline, max_ack_queue: infinity}
registration_timeout: infinity
`,
  );
  const child = launch(
    [
      "erl",
      "+K",
      "true",
      "+P",
      "500000",
      "+Q",
      "65536",
      "-noinput",
      "-pa",
      ejabberdCode()!,
      "-mnesia",
      "dir",
      `"${folder}/db"`,
      "-s",
      "ejabberd",
    ],
    folder,
    {
      HOME: folder,
      EJABBERD_CONFIG_PATH: file,
      EJABBERD_LOG_PATH: join(folder, "ejabberd.log"),
      SPOOL_DIR: join(folder, "db"),
      ERL_CRASH_DUMP: join(folder, "crash.dump"),
      ERL_MAX_PORTS: "65536",
    },
  );
  try {
    await listening(port, child, "ejabberd");
  } catch (error) {
    await database.stop();
    throw error;
  }
  await sleep(1_000);
  const stop = async (): Promise<void> => {
    await end(child, "SIGTERM");
    await database.stop();
  };
  return { url: `ws://127.0.0.1:${port}/ws`, memory: () => residentBytes(child), stop };
}
