/** A link that fails for good on one side ends on the other at once, with what happened and whose side it was; nobody waits for a deadline. */
import { ERROR_CODES } from "@hawser/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Middle } from "./middle.ts";
import { linkStage, until, World } from "./world.ts";

const world = new World();
beforeAll(() => world.start());
afterAll(() => world.stop());

const DECISION_SLOT = 1;

/** Says "not authenticated" to the phone's decision; it never reaches the server. */
function refusesDecision(): Middle {
  const middle = new Middle();
  middle.toServer = (frame) => {
    if (frame.type !== "request" || frame.message.operation.case !== "rendezvousPut") return true;
    if (frame.message.operation.value.index !== DECISION_SLOT) return true;
    const failure = { error: ERROR_CODES.NOT_AUTHENTICATED.code, retryAfterMs: 0, lists: [], accountId: new Uint8Array(0) };
    const value = { $typeName: "hawser.v1.Failure" as const, ...failure };
    const { id } = frame.message;
    queueMicrotask(() =>
      middle.show({ type: "response", message: { $typeName: "hawser.v1.Response", id, result: { case: "failure", value } } }),
    );
    return false;
  };
  return middle;
}

test("the server refuses the phone's approval: the computer hears it from the phone, and no device stays behind", async () => {
  const anna = await world.account("anna", { transport: refusesDecision().transport });
  const laptop = world.open("laptop");
  await laptop.startLink({ deviceName: "laptop", platform: "test" });
  await anna.openLinkCode((await linkStage(laptop, "waiting-for-scan")).uri!);
  const { attempt } = await linkStage(anna, "comparing");
  await linkStage(laptop, "comparing");
  await anna.approveLink(attempt!);
  await until(laptop, async () => (await laptop.linkStatus())?.stage === "failed");
  expect((await laptop.linkStatus())?.error).toMatchObject({ name: "SERVER_REFUSED", toldByOther: true });
  expect((await anna.linkStatus())?.error).toEqual({ name: "SERVER_REFUSED", canRetry: true });
  expect((await laptop.state()).self).toBeUndefined();
  expect(await anna.devices()).toHaveLength(1);
});

test("somebody cancels at the computer: the phone asks for nothing any more, and the next link works", async () => {
  const bora = await world.account("bora");
  const tablet = world.open("tablet");
  await tablet.startLink({ deviceName: "tablet", platform: "test" });
  await bora.openLinkCode((await linkStage(tablet, "waiting-for-scan")).uri!);
  await linkStage(bora, "comparing");
  await linkStage(tablet, "comparing");
  await tablet.cancelLink();
  await until(bora, async () => (await bora.linkStatus())?.stage === "failed");
  expect((await bora.linkStatus())?.error).toEqual({ name: "CANCELLED", canRetry: true, toldByOther: true });
  await tablet.startLink({ deviceName: "tablet", platform: "test" });
  await bora.openLinkCode((await linkStage(tablet, "waiting-for-scan")).uri!);
  const { attempt } = await linkStage(bora, "comparing");
  await bora.approveLink(attempt!);
  await until(tablet, async () => (await tablet.state()).phase === "ready");
});
