/** Loads frozen releases and the version under test alike, each with its own copy of everything. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import type * as client from "@hawser/client";
import type * as io from "@hawser/io-node";
import type * as server from "@hawser/server";

/** What a release brings. Typed as of now: a frozen one has at least what the matrix calls. */
export interface Release {
  readonly name: string;
  readonly protocolHash: string;
  readonly server: Pick<typeof server, "startServer">;
  readonly client: Pick<typeof client, "createClient" | "recoveryKdf"> &
    Pick<typeof io, "nodeHttp" | "nodePrimitives" | "openSqliteDatabase" | "systemClock" | "systemRandom" | "webSocketTransport">;
}

interface Manifest {
  readonly name: string;
  readonly protocol: { readonly min: number; readonly max: number; readonly hash: string };
  readonly files: Readonly<Record<"server" | "client", { readonly sizeBytes: number; readonly sha256: string }>>;
}

/** The newest frozen releases that still have to work with this version. */
const SUPPORTED = 2;
const unpacked = mkdtempSync(join(tmpdir(), "hawser-releases-"));
process.once("exit", () => rmSync(unpacked, { recursive: true, force: true }));

const byVersion = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

export async function releases(): Promise<Release[]> {
  return [...(await Promise.all(frozenNames().slice(-SUPPORTED).map(load))), await current()];
}

export const newestFrozen = (): Promise<Release> => load(frozenNames().at(-1)!);

const frozenNames = (): string[] =>
  readdirSync(import.meta.dirname)
    .filter((name) => existsSync(join(import.meta.dirname, name, "manifest.json")))
    .sort(byVersion);

export async function load(name: string): Promise<Release> {
  const folder = join(import.meta.dirname, name);
  const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
  const bundle = async (kind: "server" | "client"): Promise<never> => {
    const code = gunzipSync(readFileSync(join(folder, `${kind}.mjs.gz`)));
    if (createHash("sha256").update(code).digest("hex") !== manifest.files[kind].sha256)
      throw new Error(`releases/${name}/${kind} is not what was frozen`);
    const path = join(unpacked, `${name}-${kind}.mjs`);
    writeFileSync(path, code);
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as never;
  };
  return { name, protocolHash: manifest.protocol.hash, server: await bundle("server"), client: await bundle("client") };
}

async function current(): Promise<Release> {
  const [own, parts, node] = await Promise.all([import("@hawser/server"), import("@hawser/client"), import("@hawser/io-node")]);
  return { name: "current", protocolHash: "", server: own, client: { ...parts, ...node } };
}
