/** Builds the web app: one page, one service worker, catalogues compiled ahead, nothing inline (strict CSP). */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { compileMessageOrThrow } from "@lingui/message-utils/compileMessage";
import { defineConfig, type Plugin } from "vite";
import { slimSqlite } from "./bundling/slim-sqlite.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** `catalogues/LANGUAGE/index.ts` holds ICU text for people; the app gets it parsed, so that no parser is shipped. */
function compiledCatalogues(): Plugin {
  const catalogue = /\/catalogues\/(?:en|tr|az|ar)\/index\.ts$/;
  return {
    name: "hawser-catalogues",
    async load(id) {
      if (!catalogue.test(id)) return undefined;
      const { messages } = (await import(pathToFileURL(id).href)) as { messages: Record<string, string> };
      const compiled = Object.fromEntries(
        Object.entries(messages).map(([key, text]) => {
          const tokens = compileMessageOrThrow(text);
          return [key, tokens.length === 1 && typeof tokens[0] === "string" ? tokens[0] : tokens];
        }),
      );
      return `export const messages = ${JSON.stringify(compiled)};`;
    },
  };
}

/** Preact has React's interface at a tenth of its size (docs/adr/0011). */
const REACT_IS_PREACT = [
  { find: /^react-dom\/client$/, replacement: "preact/compat/client" },
  { find: /^react\/(jsx(?:-dev)?-runtime)$/, replacement: "preact/$1" },
  { find: /^react(?:-dom)?$/, replacement: "preact/compat" },
];

/** Gives the service worker the list of files it keeps; its bytes change with any of them, which is how browsers notice an update. */
function precacheList(): Plugin {
  return {
    name: "hawser-precache",
    apply: "build",
    // Last, because the page itself is added to the bundle by a plugin of the same hook.
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const worker = bundle["sw.js"];
        if (worker?.type !== "chunk") throw new Error("the service worker is missing");
        const hash = createHash("sha256");
        const files: string[] = [];
        for (const [name, item] of Object.entries(bundle).sort(([a], [b]) => (a < b ? -1 : 1))) {
          if (name === "sw.js" || name.endsWith(".map")) continue;
          hash.update(name).update(item.type === "chunk" ? item.code : item.source);
          files.push(name === "index.html" ? "/" : `/${name}`);
        }
        if (!files.includes("/")) throw new Error("the page itself is not kept: the app would not open without a network");
        const list = JSON.stringify({ version: hash.digest("hex").slice(0, 16), files: [...files, "/icon.svg", "/manifest.webmanifest"] });
        worker.code = worker.code.replace("__PRECACHE__", () => list);
      },
    },
  };
}

/** Packed once here, so that the server only picks: `FILE.br` and `FILE.gz` beside each file that gets smaller. */
function packedCopies(): Plugin {
  const packable = /\.(?:js|css|html|svg|wasm|webmanifest)$/;
  return {
    name: "hawser-packed",
    apply: "build",
    writeBundle({ dir }) {
      if (dir === undefined) return;
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((file) => packable.test(file))) {
        const path = join(dir, name);
        const plain = readFileSync(path);
        // WebAssembly gains little from the last two steps and takes long over them.
        const quality = name.endsWith(".wasm") ? 9 : 11;
        writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }));
        writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root,
  publicDir: "public",
  plugins: [compiledCatalogues(), precacheList(), packedCopies()],
  resolve: { alias: REACT_IS_PREACT },
  worker: { format: "es", plugins: () => [slimSqlite()] },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["chrome120", "firefox121", "safari17.4"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: `${root}index.html`, sw: `${root}src/service-worker/sw.ts` },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        // What is on the way to the first code in one file, what opens the engine in one, and the app with all it needs in one: each file more
        // is a way to the cache more.
        codeSplitting: {
          groups: [
            { name: "first", test: /\/src\/entry\/main\.ts$/ },
            { name: "open-client", test: /\/src\/engine\/open-client\.ts$/ },
            { name: "app", test: /\/src\/app\/start\.tsx$/ },
          ],
        },
      },
    },
  },
});
