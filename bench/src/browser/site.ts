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

/** Where the built app has its engine. */
export function enginePath(): string {
  const file = readdirSync(join(APP, "assets")).find((name) => /^worker-[^/]*\.js$/.test(name));
  if (file === undefined) throw new Error("the built web app has no engine");
  return `/assets/${file}`;
}
