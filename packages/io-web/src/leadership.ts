/**
 * One tab per profile runs the engine. Invariant: between `lead` and the end of the function it returned, no other tab leads.
 * The lock is given back when the page is hidden for good or frozen: a frozen page would hold it, and the database, for ever.
 */
export interface Leadership {
  /** Stops leading, or waiting to. */
  release(): void;
}

/** `lead` starts the engine and returns how to end it, at once: pages have milliseconds when they go. */
export function seekLeadership(profile: string, lead: () => () => void): Leadership {
  let giveUp = new AbortController();
  let end: (() => void) | undefined;
  let released = false;

  const seek = (): void => {
    const { signal } = giveUp;
    navigator.locks
      .request(`hawser-${profile}`, { signal }, () => {
        if (signal.aborted) return undefined;
        const stop = lead();
        return new Promise<void>((resolve) => {
          end = () => {
            end = undefined;
            stop();
            resolve();
          };
        });
      })
      .catch(() => undefined); // aborted while waiting
  };
  const step = (): void => {
    giveUp.abort();
    end?.();
  };
  const resume = (): void => {
    if (released || !giveUp.signal.aborted) return;
    giveUp = new AbortController();
    seek();
  };

  document.addEventListener("freeze", step);
  document.addEventListener("resume", resume);
  addEventListener("pagehide", step);
  addEventListener("pageshow", resume);
  seek();
  return {
    release(): void {
      released = true;
      step();
      document.removeEventListener("freeze", step);
      document.removeEventListener("resume", resume);
      removeEventListener("pagehide", step);
      removeEventListener("pageshow", resume);
    },
  };
}
