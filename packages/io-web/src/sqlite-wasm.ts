/** SQLite's WebAssembly, fetched and compiled once a worker: beside the script around it, not after it. */
import address from "@sqlite.org/sqlite-wasm/sqlite3.wasm?url";

let compiling: Promise<WebAssembly.Module> | undefined;

export function compileSqlite(): Promise<WebAssembly.Module> {
  compiling ??= WebAssembly.compileStreaming(fetch(address)).catch(async () => {
    // A proxy that calls it something else than WebAssembly, which only streaming minds.
    const response = await fetch(address);
    return WebAssembly.compile(await response.arrayBuffer());
  });
  return compiling;
}
