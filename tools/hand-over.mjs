/** Runs a TypeScript file under Node 24 in place of this process: same terminal, signals passed on, exit code kept. */
import { spawn } from "node:child_process";
import { environment } from "./node-24.mjs";

const PARENT_CHECK_INTERVAL_MS = 500;
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGINT"];

export function handOver(node, parameters) {
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", ...parameters], { stdio: "inherit", env: environment(node) });
  for (const signal of FORWARDED)
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group: the child has it already, and a second one would mean "at once".
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  stopWithNpm(child);
  child.once("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
  child.once("close", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** npm passes a signal on to the shell between it and this process, which dies of it in silence. So watch for that. */
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, PARENT_CHECK_INTERVAL_MS);
  watch.unref();
}
