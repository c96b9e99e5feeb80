/** A client in a process of its own, which can be frozen and killed as a phone's system does it. Called over the channel to whoever started it. */
import { openNodeClient } from "@hawser/sdk/node";
import type { Call, ClientOptions, FileInBytes, Reply } from "./remote-client.ts";

const client = openNodeClient(JSON.parse(process.env["DRILL_CLIENT"] ?? "{}") as ClientOptions);
const say = (reply: Reply): void => void process.send?.(reply);
client.subscribe((event) => say({ event }));
process.once("disconnect", () => process.exit(1));
process.on("message", ({ id, method, args }: Call) => {
  void perform(method, args).then(
    (value) => say({ id, value }),
    (error: unknown) => say({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

async function perform(method: Call["method"], args: readonly unknown[]): Promise<unknown> {
  const act = client[method] as (...given: unknown[]) => unknown;
  return act.apply(client, method === "previewImport" ? [fileOf(args[0] as FileInBytes)] : [...args]);
}

const fileOf = ({ bytes, ...file }: FileInBytes) => ({
  ...file,
  read: (offset: number, sizeBytes: number) => Promise.resolve(bytes.slice(offset, offset + sizeBytes)),
});
