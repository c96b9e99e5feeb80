/**
 * Builds the page of benchmarks, alone or beside the web app, so that both have one origin and one storage. The app is built from
 * the sources as they are now, by its own configuration. Runs in Node.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";

const APP = resolve(import.meta.dirname, "../../../apps/web");
export const PAGE = "/bench.html";

/** Catalogues of the other languages: a browser loads one. */
const OTHER_LANGUAGE = /^(?:ar|az|tr)-[^/]*\.js$/;

export interface Site {
  readonly webRoot: string;
  /** The app's engine; empty without the app. */
  readonly enginePath: string;
  /** Of the whole app in English. */
  readonly scripts: readonly string[];
}

export async function buildSite(webRoot: string, options: { readonly withApp: boolean }): Promise<Site> {
  const app = options.withApp ? await buildApp(webRoot) : { enginePath: "", scripts: [] };
  await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    build: {
      outDir: webRoot,
      emptyOutDir: false,
      target: "chrome120",
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: { input: join(import.meta.dirname, "bench.html") },
    },
  });
  return { webRoot, ...app };
}

async function buildApp(outDir: string): Promise<Omit<Site, "webRoot">> {
  await build({ root: APP, configFile: join(APP, "vite.config.ts"), logLevel: "error", build: { outDir, emptyOutDir: true } });
  const names = readdirSync(join(outDir, "assets")).filter((name) => name.endsWith(".js") && !OTHER_LANGUAGE.test(name));
  const engine = names.find((name) => /^worker-[^/]*\.js$/.test(name));
  if (engine === undefined) throw new Error("the built web app has no engine");
  return {
    enginePath: `/assets/${engine}`,
    scripts: ["/sw.js", ...names.map((name) => `/assets/${name}`)],
  };
}
