/** The verdict's rules, over every combination of findings that chance makes, and the ones a person would ask about. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CAUSES } from "./causes.ts";
import { type Change, type Evidence, type Findings, PROBES, SERVER_ROLES } from "./findings.ts";
import { judge } from "./judge.ts";
import { STEPS, type StepName } from "./steps.ts";

const kinds = <Kind extends string>(...all: readonly Kind[]): fc.Arbitrary<{ kind: Kind }> =>
  fc.constantFrom(...all).map((kind) => ({ kind }));
const findings: fc.Arbitrary<Partial<Findings>> = fc.record(
  {
    network: kinds("online", "offline"),
    name: kinds("found", "not-found", "failed"),
    tcp: kinds("connected", "refused", "unreachable", "silent"),
    tls: fc.oneof(
      kinds("trusted", "other-name", "dates", "failed"),
      fc.record({ kind: fc.constant("untrusted" as const), pinned: fc.boolean() }),
    ),
    http: fc.oneof(
      kinds("silent", "failed", "redirected", "stale", "altered"),
      fc.constant({ kind: "answered" as const, tookMs: 5 }),
      fc.record({ kind: fc.constantFrom("foreign" as const, "faulty" as const), status: fc.constantFrom(200, 404, 502) }),
    ),
    socket: fc.oneof(kinds("greeted", "silent", "failed", "busy"), fc.constant({ kind: "stripped" as const, status: 404 })),
    roles: fc.oneof(
      kinds("up"),
      fc.subarray([...SERVER_ROLES], { minLength: 1 }).map((roles) => ({ kind: "down" as const, roles })),
    ),
    clock: fc.constantFrom({ kind: "right" as const, offsetMs: 3 }, { kind: "off" as const, offsetMs: 3 * 86_400_000 }),
    version: kinds("fits", "client-old", "server-old"),
    storage: kinds("lasting", "best-effort", "fleeting", "private", "full", "damaged", "lost", "locked"),
    device: kinds("member", "none", "revoked", "conflict", "unlisted"),
    session: kinds("online", "offline", "refused", "forgotten"),
    others: kinds("online", "offline"),
    crowd: kinds("usual", "fewer", "far-fewer"),
    links: fc.constant({ kind: "failing" as const, inARow: 2 }),
  },
  { requiredKeys: [] },
);
const NOW_MS = 1_800_000_000_000;
const evidence = (seen: Partial<Findings>, changes: readonly Change[] = []): Evidence => ({
  startedAtMs: NOW_MS,
  tookMs: 100,
  findings: seen,
  missing: {},
  changes,
});

const WELL: Partial<Findings> = {
  name: { kind: "found" },
  tcp: { kind: "connected" },
  http: { kind: "answered", tookMs: 20 },
  socket: { kind: "greeted" },
  roles: { kind: "up" },
  clock: { kind: "right", offsetMs: 0 },
  version: { kind: "fits" },
  storage: { kind: "lasting" },
  device: { kind: "member" },
  session: { kind: "online" },
};
/** Facts of which each alone says that the server, or the way to it, is not as it should be. */
const isFaultElsewhere = ({ tcp, http, roles, socket, session, version, name }: Partial<Findings>): boolean =>
  (tcp !== undefined && tcp.kind !== "connected") ||
  (name !== undefined && name.kind !== "found") ||
  (http !== undefined && http.kind !== "answered") ||
  roles?.kind === "down" ||
  (socket !== undefined && socket.kind !== "greeted" && http !== undefined) ||
  session?.kind === "forgotten" ||
  session?.kind === "refused" ||
  version?.kind === "server-old";

describe("whatever was found", () => {
  test("never “me” while the server or the way to it shows a fault", () => {
    fc.assert(
      fc.property(findings, (seen) => {
        const { whose } = judge(evidence(seen));
        if (isFaultElsewhere(seen)) expect(whose).not.toBe("me");
      }),
      { numRuns: 3_000, seed: 26 },
    );
  });

  test("“nobody” only when every hop that was seen is well and this device has nothing", () => {
    fc.assert(
      fc.property(findings, (seen) => {
        const { whose } = judge(evidence(seen));
        if (whose !== "nobody") return;
        expect(isFaultElsewhere(seen)).toBe(false);
        expect([undefined, "lasting"]).toContain(seen.storage?.kind);
        expect([undefined, "right"]).toContain(seen.clock?.kind);
        expect([undefined, "fits"]).toContain(seen.version?.kind);
      }),
      { numRuns: 3_000, seed: 27 },
    );
  });

  test("names what it stands on, only what was seen, with honest numbers, and steps that can help, safest first", () => {
    fc.assert(
      fc.property(findings, (seen) => {
        const verdict = judge(evidence(seen));
        expect(verdict.whose).toBe(CAUSES[verdict.cause]);
        expect(verdict.confidence).toBeGreaterThan(0);
        expect(verdict.confidence).toBeLessThan(1);
        for (const name of [...verdict.speaksFor, ...verdict.speaksAgainst]) expect(seen[name]).toBeDefined();
        expect(verdict.also).not.toContain(verdict.cause);
        const losses = verdict.steps.map(({ loses }) => (loses === "nothing" ? 0 : 1));
        expect(losses).toEqual(losses.toSorted((one, other) => one - other));
        for (const { name } of verdict.steps) expect(STEPS[name].helps as readonly string[]).toContain(verdict.cause);
      }),
      { numRuns: 2_000, seed: 28 },
    );
  });
});

describe("what a person would ask about", () => {
  const verdict = (seen: Partial<Findings>, changes?: readonly Change[]) => judge(evidence(seen, changes));

  test("being offline alone is the network, and less sure than with a hop that failed", () => {
    const alone = verdict({ network: { kind: "offline" } });
    const more = verdict({ network: { kind: "offline" }, http: { kind: "failed" } });
    expect([alone.whose, more.whose]).toEqual(["network", "network"]);
    expect(alone.confidence).toBeLessThan(more.confidence);
  });

  test("a browser that gets no answer cannot tell the network from the server, and says so", () => {
    const { whose, cause, confidence } = verdict({ network: { kind: "online" }, http: { kind: "failed" }, socket: { kind: "failed" } });
    expect([whose, cause]).toEqual(["cannot-tell", "NO_ANSWER"]);
    expect(confidence).toBeLessThanOrEqual(0.55);
  });

  test("what contradicts itself ends in “cannot tell”", () => {
    for (const later of [{ http: WELL.http! }, { socket: WELL.socket! }, { others: { kind: "online" as const } }])
      expect(verdict({ tcp: { kind: "refused" }, ...later })).toMatchObject({ whose: "cannot-tell", cause: "CONTRADICTION" });
    expect(verdict({ ...WELL, http: { kind: "silent" } }).cause).toBe("CONTRADICTION");
  });

  test("what is wrong here besides is said after the cause", () => {
    expect(verdict({ tcp: { kind: "refused" }, storage: { kind: "damaged" }, clock: { kind: "off", offsetMs: 1e9 } })).toMatchObject({
      whose: "server",
      cause: "SERVER_DOWN",
      also: ["STORAGE_DAMAGED", "CLOCK_WRONG"],
    });
  });

  test("the newest change that fits is named and makes it a little surer; another, an old or a future one is not", () => {
    const at = (minutesAgo: number, kind: Change["kind"]): Change => ({ atMs: NOW_MS - minutesAgo * 60_000, kind });
    const lost: Partial<Findings> = { tcp: { kind: "unreachable" } };
    const plain = verdict(lost);
    const since = verdict(lost, [at(90, "network"), at(5, "network"), at(3, "app-version")]);
    expect(since.since).toEqual(at(5, "network"));
    expect(since.confidence).toBeGreaterThan(plain.confidence);
    for (const other of [at(3, "app-version"), at(2_000, "network"), at(-5, "network")])
      expect(verdict(lost, [other]).since).toBeUndefined();
  });

  test("a fault that this device is sure of is said without a sight of the server, less sure; a clock is not", () => {
    expect(verdict({ device: { kind: "revoked" } })).toMatchObject({ whose: "me", cause: "DEVICE_REVOKED" });
    expect(verdict({ device: { kind: "revoked" } }).confidence).toBeLessThan(verdict({ ...WELL, device: { kind: "revoked" } }).confidence);
    expect(verdict({ clock: { kind: "off", offsetMs: 1e9 } }).whose).toBe("cannot-tell");
    expect(verdict({}).cause).toBe("TOO_LITTLE");
  });

  test("a server that greets and then sends this device away has trouble of its own, unless it shows a signed reason", () => {
    expect(verdict({ ...WELL, session: { kind: "refused" } })).toMatchObject({ whose: "server", cause: "SERVER_REFUSES" });
    expect(verdict({ ...WELL, session: { kind: "forgotten" } })).toMatchObject({ whose: "server", cause: "SERVER_FORGOT" });
    expect(verdict({ ...WELL, device: { kind: "revoked" }, session: undefined as never })).toMatchObject({ cause: "DEVICE_REVOKED" });
    expect(verdict({ ...WELL, device: { kind: "unlisted" } })).toMatchObject({ whose: "me", cause: "STORAGE_DAMAGED" });
  });

  test("chats that go on speak against a wrong clock and against a blocked socket", () => {
    const off: Partial<Findings> = { ...WELL, clock: { kind: "off", offsetMs: 3 * 86_400_000 } };
    expect(verdict(off).speaksAgainst).toEqual(["session"]);
    expect(verdict(off).confidence).toBeLessThan(verdict({ ...off, session: { kind: "offline" } }).confidence);
  });
});

test("every cause but “all well” has a step, and every step helps somewhere", () => {
  const helped = new Set(Object.values(STEPS).flatMap(({ helps }) => helps as readonly string[]));
  expect(Object.keys(CAUSES).filter((cause) => !helped.has(cause))).toEqual(["ALL_WELL"]);
  const losing = (Object.keys(STEPS) as StepName[]).map((name) => (STEPS[name].loses === "nothing" ? 0 : 1));
  expect(losing).toEqual(losing.toSorted((one, other) => one - other));
});

test("probes are listed once each", () => {
  expect(new Set(PROBES).size).toBe(PROBES.length);
});
