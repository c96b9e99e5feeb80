/**
 * A link of an account with passkeys. Invariants: without a passkey that was verified, nothing is signed unless the digits of the other
 * screen were typed; where the account insists on one, not even then; a passkey used on another page ends the attempt on both sides.
 */
import { describe, expect, test } from "vitest";
import { companionStatus } from "./companion-view.ts";
import { phoneStatus, resumeCompanion, resumePhone } from "./index.ts";
import type { LinkJobResult } from "./link-jobs.ts";
import {
  ANSWER,
  companionProbe,
  context,
  good,
  PASSKEY_REQUEST,
  PASSKEYS,
  phoneProbe,
  request,
  results,
  SCAN,
  START,
} from "./test-probe.ts";

const companionAsked = () => {
  const probe = companionProbe();
  probe.tell({ ...START, passkeys: true });
  probe.tell(good(probe));
  probe.tell({ type: "slot", rendezvousId: probe.state.codes[0]!.rendezvousId, index: 0, body: "AQ" });
  const asked = results.find((result) => result.kind === "answer-offer" && result.passkey !== undefined)!;
  probe.tell({ type: "crypto-result", effectId: probe.state.asked, result: asked });
  return probe;
};
const phoneWith = ({ required = false, answers = true } = {}) => {
  const probe = phoneProbe();
  probe.tell({ ...SCAN, passkeys: { ...PASSKEYS, required } } as typeof SCAN);
  probe.tell(good(probe));
  probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
  probe.tell({ type: "slot", rendezvousId: probe.state.channel!.rendezvousId, index: 0, body: "AQ" });
  const result: LinkJobResult = { kind: "open-request", request: { ...request(20), answersPasskey: answers }, matchCode: "123456" };
  probe.tell({ type: "crypto-result", effectId: probe.state.asked, result });
  return probe;
};
type Phone = ReturnType<typeof phoneWith>;
const shows = (probe: Phone, outcome: "verified" | "none" | "other-origin" | "invalid"): void => {
  probe.tell({ type: "slot", rendezvousId: probe.state.channel!.rendezvousId, index: 3, body: "AQ" });
  probe.tell({ type: "crypto-result", effectId: probe.state.asked, result: { kind: "open-passkey", outcome } });
};
const signs = (probe: Phone): boolean => probe.all.some(({ type }) => type === "sign-list");

describe("companion", () => {
  test.each(["requesting", "comparing"])("%s: asks its authenticator, seals the answer once, and puts it again after a crash", (kind) => {
    const probe = companionAsked();
    if (kind === "comparing") probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    expect(probe.state.kind).toBe(kind);
    expect(companionStatus(probe.state).passkeyRequest).toEqual(PASSKEY_REQUEST);
    probe.tell({ type: "passkey", answer: ANSWER });
    expect(companionStatus(probe.state).passkeyRequest).toBeUndefined();
    expect(probe.tell({ type: "passkey", answer: undefined })).toEqual([]);
    if (kind === "requesting") probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    const jobs = probe.all.filter((effect) => effect.type === "crypto" && effect.job.kind === "seal-passkey");
    expect(jobs).toMatchObject([{ job: { answer: ANSWER } }]);
    expect(probe.tell(good(probe))).toContainEqual(
      expect.objectContaining({ type: "rendezvous-put", side: "companion", index: 3, body: "AQ" }),
    );
    const resumed = resumeCompanion(JSON.parse(JSON.stringify(probe.state)) as typeof probe.state, context());
    expect(resumed.effects).toContainEqual(expect.objectContaining({ type: "rendezvous-put", index: 3, body: "AQ" }));
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    expect(probe.tell({ type: "connected" }).some(({ type }) => type === "rendezvous-put")).toBe(false);
    expect(probe.state.kind).toBe("comparing");
  });

  test("one that has none says so", () => {
    const probe = companionAsked();
    probe.tell({ type: "put-result", effectId: probe.state.asked, result: { ok: true } });
    probe.tell({ type: "passkey", answer: undefined });
    expect(probe.all.at(-1)).not.toMatchObject({ type: "activate" });
    const jobs = probe.all.filter((effect) => effect.type === "crypto" && effect.job.kind === "seal-passkey");
    expect(jobs).toMatchObject([{ job: { answer: undefined } }]);
  });
});

describe("phone", () => {
  test("the offer asks for the account's passkeys", () => {
    const probe = phoneWith();
    expect(probe.state.offer?.passkey).toEqual({ rpId: "chat.example", credentialIds: ["AQ"] });
  });

  test("verified: one confirmation is enough, and digits that are typed all the same have to be right", () => {
    const probe = phoneWith({ required: true });
    expect(phoneStatus(probe.state).passkeyCheck).toEqual({ state: "awaited", required: true });
    probe.tell({ type: "approve" });
    expect(signs(probe)).toBe(false);
    shows(probe, "verified");
    expect(phoneStatus(probe.state).passkeyCheck).toEqual({ state: "verified", required: true });
    probe.tell({ type: "approve", typedCode: "123457" });
    expect(signs(probe)).toBe(false);
    probe.tell({ type: "approve" });
    expect(signs(probe)).toBe(true);
  });

  test.each([
    ["says that it has none", true],
    ["never heard of passkeys", false],
  ])("a device that %s gets in by the digits of its screen, and only by them", (_name, answers) => {
    const probe = phoneWith({ answers });
    if (answers) shows(probe, "none");
    expect(phoneStatus(probe.state).passkeyCheck?.state).toBe("missing");
    for (const typedCode of [undefined, "", "123455", "12345"])
      probe.tell({ type: "approve", ...(typedCode === undefined ? {} : { typedCode }) });
    expect(signs(probe)).toBe(false);
    probe.tell({ type: "approve", typedCode: "123 456" });
    expect(signs(probe)).toBe(true);
  });

  test.each(["١٢٣ ٤٥٦", "۱۲۳۴۵۶", "１２３-４５６"])("the digits of another keyboard are the same: %s", (typedCode) => {
    const probe = phoneWith({ answers: false });
    probe.tell({ type: "approve", typedCode });
    expect(signs(probe)).toBe(true);
  });

  test.each([true, false])("an account that insists refuses it, and says so to both (the device answers: %s)", (answers) => {
    const probe = phoneWith({ required: true, answers });
    if (answers) shows(probe, "none");
    expect(probe.state).toMatchObject({ kind: "sealing-rejection", decision: { kind: "rejection", reason: "PASSKEY_REQUIRED" } });
    expect(phoneStatus(probe.state).error?.name).toBe("PASSKEY_REQUIRED");
    probe.tell({ type: "approve", typedCode: "123456" });
    expect(signs(probe)).toBe(false);
  });

  test.each([
    ["other-origin", "PASSKEY_OTHER_ORIGIN"],
    ["invalid", "PASSKEY_INVALID"],
  ] as const)("%s ends it, whatever is pressed then", (outcome, reason) => {
    const probe = phoneWith();
    shows(probe, outcome);
    expect(probe.state).toMatchObject({ kind: "sealing-rejection", error: reason, decision: { kind: "rejection", reason } });
    probe.tell({ type: "approve", typedCode: "123456" });
    expect(signs(probe)).toBe(false);
  });

  test("the first answer counts; after a crash it is checked again", () => {
    const probe = phoneWith();
    const rendezvousId = probe.state.channel!.rendezvousId;
    probe.tell({ type: "slot", rendezvousId, index: 3, body: "AQ" });
    const resumed = resumePhone(JSON.parse(JSON.stringify(probe.state)) as typeof probe.state, context());
    expect(resumed.effects).toContainEqual(
      expect.objectContaining({ type: "crypto", job: expect.objectContaining({ kind: "open-passkey" }) as object }),
    );
    expect(probe.tell({ type: "slot", rendezvousId, index: 3, body: "Ag" })).toEqual([]);
    expect(probe.state.passkeyEnvelope).toBe("AQ");
  });

  test("an account without passkeys asks for nothing", () => {
    const probe = phoneProbe();
    probe.tell(SCAN);
    expect(probe.state.offer).not.toHaveProperty("passkey");
  });
});
