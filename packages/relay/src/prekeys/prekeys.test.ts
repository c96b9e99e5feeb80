/** Invariants: a one-time key is handed out at most once, whatever is repeated and whenever the process dies. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceNumber } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { MAX_ONE_TIME_PRE_KEYS } from "@hawser/wire";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom, TestAccount } from "../test-world.ts";
import { faultOfUpload } from "./check-upload.ts";
import { PreKeyStore } from "./prekey-store.ts";

const ONE = 1 as DeviceNumber;
const ada = new TestAccount(seededRandom(1));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-prekeys-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a claim takes one key of each kind; when they run out the last-resort key stays", () => {
  const database = openSqliteDatabase(":memory:");
  const store = new PreKeyStore(database);
  expect(store.claim(ada.id, [ONE])).toEqual({ bundles: [], withoutKeys: [1] });
  expect(store.upload(ada.address(), ada.upload(1, 10, 2, 1))).toBe(true);
  expect(store.left(ada.address())).toEqual({ oneTime: 2, kem: 1 });
  const bundles = [1, 2, 3].map(() => store.claim(ada.id, [ONE]).bundles[0]!);
  expect(bundles.map((bundle) => bundle.oneTimePreKey?.id)).toEqual([10, 11, undefined]);
  expect(bundles.map((bundle) => [bundle.kemPreKey?.id, bundle.kemIsLastResort])).toEqual([
    [11, false],
    [10, true],
    [10, true],
  ]);
  store.remove(ada.id, [ONE]);
  expect(store.claim(ada.id, [ONE]).withoutKeys).toEqual([1]);
  database.close();
});

test("an upload without lasting keys needs an earlier one; one-time keys are bounded", () => {
  const database = openSqliteDatabase(":memory:");
  const store = new PreKeyStore(database);
  const partial = ada.upload(1, 1, 3, 0);
  delete partial.signedPreKey;
  delete partial.lastResortKemPreKey;
  expect(store.upload(ada.address(), partial)).toBe(false);
  expect(store.left(ada.address())).toEqual({ oneTime: 0, kem: 0 });
  store.upload(ada.address(), ada.upload(1, 1, 1, 0));
  for (let round = 0; round < 5; round++) store.upload(ada.address(), ada.upload(1, 100 + round * 100, MAX_ONE_TIME_PRE_KEYS, 0));
  expect(store.left(ada.address()).oneTime).toBe(2 * MAX_ONE_TIME_PRE_KEYS);
  database.close();
});

describe("at most once", () => {
  test("through repeated uploads, claims and crashes", () => {
    const uploads = [1, 20, 40].map((first) => ada.upload(1, first, 6, 3));
    const step = fc.oneof(
      fc.record({ kind: fc.constant("upload" as const), index: fc.nat({ max: 2 }) }),
      fc.record({ kind: fc.constant("claim" as const), index: fc.constant(0) }),
      fc.record({ kind: fc.constant("crash" as const), index: fc.constant(0) }),
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let path = join(folder, `${run++}.db`);
        let database = openSqliteDatabase(path, { synchronous: "normal" });
        let store = new PreKeyStore(database);
        const seen = new Set<string>();
        const hand = (kind: string, id: number | undefined): void => {
          if (id === undefined) return;
          expect(seen.has(`${kind}${id}`)).toBe(false);
          seen.add(`${kind}${id}`);
        };
        for (const { kind, index } of steps) {
          if (kind === "upload") store.upload(ada.address(), uploads[index]!);
          if (kind === "claim") {
            const bundle = store.claim(ada.id, [ONE]).bundles[0];
            hand("one-time ", bundle?.oneTimePreKey?.id);
            if (bundle?.kemIsLastResort === false) hand("kem ", bundle.kemPreKey?.id);
          }
          if (kind === "crash") {
            // What a kill leaves: the files as they are, the log not folded in.
            const next = join(folder, `${run++}.db`);
            for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, next + suffix);
            database.close();
            path = next;
            database = openSqliteDatabase(path, { synchronous: "normal" });
            store = new PreKeyStore(database);
          }
        }
        database.close();
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

test("malformed and forged uploads are named", () => {
  const device = { signingKey: ada.devices.get(1)!.signPublic, dhKey: ada.devices.get(1)!.dhPublic };
  const fault = (change: (upload: ReturnType<TestAccount["upload"]>) => void): string | undefined => {
    const upload = ada.upload(1, 1, 2, 1);
    change(upload);
    return faultOfUpload(nodePrimitives, device, upload);
  };
  expect(fault(() => undefined)).toBeUndefined();
  expect(fault((upload) => (upload.signedPreKey!.id += 1))).toBe("BAD_SIGNATURE");
  expect(fault((upload) => (upload.lastResortKemPreKey!.publicKey[0]! ^= 1))).toBe("BAD_SIGNATURE");
  expect(fault((upload) => (upload.oneTimePreKeys[0]!.publicKey = new Uint8Array(31)))).toBe("MALFORMED_FIELD");
  expect(fault((upload) => (upload.oneTimePreKeys[0]!.id = upload.oneTimePreKeys[1]!.id))).toBe("MALFORMED_FIELD");
  expect(fault((upload) => (upload.oneTimeKemPreKeys[0]!.publicKey = new Uint8Array(5)))).toBe("MALFORMED_FIELD");
  expect(fault((upload) => (upload.oneTimePreKeys = Array.from({ length: 101 }, () => upload.oneTimePreKeys[0]!)))).toBe("LIMIT_EXCEEDED");
});
