/** Lets a test run steps in workers of this page. */
Object.assign(globalThis, {
  runStep(job: unknown): Promise<unknown> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    return new Promise((resolve, reject) => {
      worker.addEventListener("error", (event) => reject(new Error(event.message)));
      worker.addEventListener("message", ({ data }: MessageEvent<{ value?: unknown; error?: string }>) => {
        worker.terminate();
        if (data.error === undefined) resolve(data.value);
        else reject(new Error(data.error));
      });
      worker.postMessage(job);
    });
  },
});
