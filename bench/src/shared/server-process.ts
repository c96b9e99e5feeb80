/**
 * The real server as a process of its own. Limits per network address are lifted, because here one address plays everybody; those
 * per account stay as they are.
 */
import { type RequestLimits, type RunningServer, startServer } from "@hawser/server";
import { answer } from "./answering.ts";

const EVERYBODY = { burst: 1e6, refillMs: 1 };
const requests: Partial<RequestLimits> = {
  handleLookup: EVERYBODY,
  register: EVERYBODY,
  registerTry: EVERYBODY,
  rendezvousPut: EVERYBODY,
  rendezvousWatch: EVERYBODY,
};

let server: RunningServer | undefined;

export interface StartServer {
  readonly dataDir: string;
  /** The built web app, when it is wanted. */
  readonly webRoot?: string;
}

answer(
  {
    async start(options: StartServer): Promise<string> {
      server = await startServer({ ...options, registration: "open", logLevel: "error", limits: { requests } });
      return server.url;
    },
  },
  async () => server?.stop(),
);
