import type { ClientState, LinkStatus } from "@hawser/sdk";
import { expect, test } from "vitest";
import { unfinishedWork } from "./unfinished-work.ts";

const NONE = { kind: "none" } as const;
const running = (direction: "sending" | "receiving"): ClientState["history"] => ({
  kind: "running",
  direction,
  messagesDone: 1,
  messagesTotal: 9,
  stalledSinceMs: undefined,
  storageFull: false,
});
const link = (stage: LinkStatus["stage"]): LinkStatus => ({ stage }) as LinkStatus;

test.each([
  [NONE, undefined, undefined],
  [running("sending"), undefined, "upload"],
  [running("receiving"), undefined, undefined],
  [{ kind: "complete", messagesTotal: 9, finishedAtMs: 1 } as const, undefined, undefined],
  [NONE, "waiting-for-scan", undefined],
  [NONE, "comparing", "link"],
  [running("sending"), "activating", "link"],
  [running("sending"), "active", "upload"],
  [NONE, "failed", undefined],
] as const)("history %j, link %s: %s", (history, stage, expected) => {
  expect(unfinishedWork({ history }, stage === undefined ? undefined : link(stage))).toBe(expected);
});
