/** Builds the page of benchmarks, alone or beside the built web app, so that both have one origin and one storage. Runs in Node. */
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";

const APP = resolve(import.meta.dirname, "../../../apps/web/dist");
export const PAGE = "/bench.html";

export async function buildSite(folder: string, options: { readonly withApp: boolean }): Promise<void> {
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "chrome120",
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: { input: join(import.meta.dirname, "bench.html"), output: { assetFileNames: "assets/[name]-[hash][extname]" } },
    },
  });
  if (!options.withApp) return;
  if (!existsSync(join(APP, "index.html"))) throw new Error("the web app is not built: `npm start` builds it");
  cpSync(APP, folder, { recursive: true });
}

const OTHER_LANGUAGE = /^(?:ar|az|tr)-[^/]*\.js$/;
/** What the SQLite package brings along for other ways of using it. */
const NEVER_LOADED = /^sqlite3-(?:worker1|opfs-async-proxy)-[^/]*\.js$/;

/** Scripts of the whole app in English, and those of the build that no part of it loads. */
export function appScripts(): { readonly loaded: string[]; readonly neverLoaded: string[] } {
  const names = readdirSync(join(APP, "assets")).filter((name) => name.endsWith(".js") && !OTHER_LANGUAGE.test(name));
  const paths = (given: readonly string[]): string[] => given.map((name) => `/assets/${name}`);
  return {
    loaded: ["/sw.js", ...paths(names.filter((name) => !NEVER_LOADED.test(name)))],
    neverLoaded: paths(names.filter((name) => NEVER_LOADED.test(name))),
  };
}

/** Where the built app has its engine. */
export function enginePath(): string {
  const file = readdirSync(join(APP, "assets")).find((name) => /^worker-[^/]*\.js$/.test(name));
  if (file === undefined) throw new Error("the built web app has no engine");
  return `/assets/${file}`;
}
