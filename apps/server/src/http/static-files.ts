/**
 * The built web app. Invariants: only files that were inside the folder are served, whatever the path says; a name with a
 * hash in it never changes and is cached for ever, everything else is asked for again each time.
 */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { RecentMap } from "@hawser/relay";

export interface StaticFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly encoding: "br" | "gzip" | undefined;
  readonly cacheControl: string;
  readonly etag: string;
}

/** Pages of the app that are not files of their own. */
const APP_ROUTES = new Set(["/", "/phone", "/link", "/link-me", "/add", "/diagnosis"]);
const MAX_CACHED_FILES = 256;
const MAX_FILE_BYTES = 64 * 2 ** 20;
/** Vite writes `assets/name-HASH.ext`. */
const HASHED = /[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json; charset=utf-8",
};

interface CachedFile {
  readonly modifiedMs: number;
  readonly file: StaticFile;
}

export class StaticFiles {
  readonly #root: string;
  readonly #cache = new RecentMap<string, CachedFile>(MAX_CACHED_FILES);

  constructor(root: string) {
    this.#root = normalize(root);
  }

  /** The file behind a URL's path; `undefined` when there is none. */
  async find(urlPath: string, acceptEncoding: string): Promise<StaticFile | undefined> {
    let path: string;
    try {
      path = decodeURIComponent(urlPath);
    } catch {
      return undefined;
    }
    if (path.includes("\0") || path.includes("\\")) return undefined;
    if (!APP_ROUTES.has(path)) return this.#load(path, acceptEncoding);
    return (path === "/" ? undefined : await this.#load(`${path}.html`, acceptEncoding)) ?? this.#load("/index.html", acceptEncoding);
  }

  async #load(path: string, acceptEncoding: string): Promise<StaticFile | undefined> {
    const plain = join(this.#root, normalize(path));
    const contentType = TYPES[extname(plain)];
    if (!plain.startsWith(this.#root + sep) || contentType === undefined) return undefined;
    const accepts = acceptEncoding.split(",").map((part) => part.trim().split(";")[0]);
    if (accepts.includes("br")) {
      const packed = await this.#read(`${plain}.br`, path, contentType, "br");
      if (packed !== undefined) return packed;
    }
    if (accepts.includes("gzip")) {
      const packed = await this.#read(`${plain}.gz`, path, contentType, "gzip");
      if (packed !== undefined) return packed;
    }
    return this.#read(plain, path, contentType, undefined);
  }

  async #read(file: string, path: string, contentType: string, encoding: StaticFile["encoding"]): Promise<StaticFile | undefined> {
    let modifiedMs: number;
    try {
      const found = await stat(file);
      if (!found.isFile() || found.size > MAX_FILE_BYTES) return undefined;
      modifiedMs = found.mtimeMs;
    } catch {
      return undefined;
    }
    const known = this.#cache.get(file);
    if (known?.modifiedMs === modifiedMs) return known.file;
    const body = await readFile(file);
    const immutable = path.startsWith("/assets/") && HASHED.test(path);
    const loaded: StaticFile = {
      body,
      contentType,
      encoding,
      cacheControl: immutable ? "public, max-age=31536000, immutable" : "no-cache",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    };
    this.#cache.set(file, { modifiedMs, file: loaded });
    return loaded;
  }
}
