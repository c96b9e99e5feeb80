/**
 * A client on a profile. Invariant: one process owns a profile's store; another one either speaks through the owner (when it offers
 * that, see ../control) or waits for it a little.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { OperationalError } from "@hawser/base";
import type { HawserClient } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import { type ControlHost, hostControl } from "../control/host-control.ts";
import { reachControl } from "../control/reach-control.ts";
import type { ProfilePlace } from "./profile-folder.ts";

/** Short commands follow one another; a script need not pause between them. */
const LOCK_PATIENCE_MS = 5_000;
const LOCK_RETRY_MS = 50;

export interface OpenOptions {
  /** Devices sign for it; only where the server is reached by another name than people use. */
  readonly origin?: string;
  /** This process stays: let other commands use the profile through it. */
  readonly share?: boolean;
  readonly signal: AbortSignal;
}

/** @throws OperationalError PROFILE_IN_USE when another process keeps the profile and does not share it. */
export async function openProfile(place: ProfilePlace, { origin, share = false, signal }: OpenOptions): Promise<HawserClient> {
  const deadlineMs = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      const client = openNodeClient({
        profileDir: place.folder,
        serverUrl: place.server,
        kind: "terminal",
        ...(origin === undefined ? {} : { origin }),
        ...(place.certificateAuthority === undefined ? {} : { certificateAuthority: place.certificateAuthority }),
      });
      return share ? shared(client, await hostControl(place.folder, client)) : client;
    } catch (error) {
      if (!(error instanceof OperationalError) || error.code !== "PROFILE_IN_USE") throw error;
      const remote = await reachControl(place.folder);
      if (remote !== undefined) return remote;
      if (performance.now() >= deadlineMs) throw error;
      await sleep(LOCK_RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function shared(client: HawserClient, host: ControlHost): HawserClient {
  return {
    ...client,
    async close() {
      await host.close();
      await client.close();
    },
  };
}
