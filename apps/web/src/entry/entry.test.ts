import { chooseLanguage, localeOf } from "@hawser/ui";
import { expect, test } from "vitest";
import { formatRoute, parseRoute } from "../app/router.ts";
import { describePlatform } from "../linking/platform.ts";
import { destination } from "./face.ts";
import { linkUri, makeLinkSeed } from "./link-seed.ts";

const NOBODY = { phone: false, companion: false };
const face = (path: string, settled = NOBODY) => destination(new URL(path, "https://chat.example"), settled).face;

test("addresses lead to their face", () => {
  expect([face("/"), face("/phone"), face("/phone/"), face("/link#1.x"), face("/add#1.x")]).toEqual([
    "companion",
    "phone",
    "phone",
    "phone",
    "phone",
  ]);
  expect(face("/", { phone: true, companion: false })).toBe("phone");
  expect(face("/?face=companion", { phone: true, companion: false })).toBe("companion");
  expect(face("/add#1.x", { phone: false, companion: true })).toBe("companion");
  expect(destination(new URL("https://chat.example/link#1.secret"), NOBODY).intent).toEqual({
    kind: "link",
    text: "https://chat.example/link#1.secret",
  });
  // A phone's own code is for a companion, also in a browser that is a phone as well.
  expect(destination(new URL("https://chat.example/link-me#1.x"), { phone: true, companion: false })).toMatchObject({
    face: "companion",
    intent: { kind: "link-me" },
  });
});

test("the chosen language wins, then the browser's wishes, then English", () => {
  expect(chooseLanguage("az", ["tr-TR"])).toBe("az");
  expect(chooseLanguage(null, ["de-DE", "tr-TR", "en"])).toBe("tr");
  expect(chooseLanguage("xx", ["ar-EG"])).toBe("ar");
  expect(chooseLanguage(null, ["de"])).toBe("en");
});

test("times are written as in the region of the first wish for the language", () => {
  expect(localeOf("en", ["tr-TR", "en-GB", "en-US"])).toBe("en-GB");
  expect(localeOf("en", ["en", "en-gb"])).toBe("en-GB");
  expect(localeOf("az", ["az-Cyrl-AZ"])).toBe("az-AZ");
  expect(localeOf("ar", ["en-GB", "ar"])).toBe("ar");
  expect(localeOf("en", ["en@posix", "english"])).toBe("en");
});

test("a code made without the engine has the parts of a link code", async () => {
  const seed = (await makeLinkSeed())!;
  const uri = linkUri(seed, "https://chat.example");
  expect(uri).toMatch(/^https:\/\/chat\.example\/link#1\.[A-Za-z0-9_-]{107}$/);
  const bytes = Buffer.from(uri.split("#1.")[1]!, "base64url");
  expect(bytes.toString("base64url", 0, 16)).toBe(seed.rendezvousId);
  expect(bytes.toString("base64url", 16, 48)).toBe(seed.secret);
  expect(bytes.toString("base64url", 48)).toBe(seed.ephemeralPublicKey);
  expect(Buffer.from(seed.ephemeralSecret, "base64url")).toHaveLength(32);
  expect(linkUri((await makeLinkSeed())!, "https://chat.example")).not.toBe(uri);
});

test("places survive their way through the address", () => {
  const route = { page: "chat", conversation: "a:abc/def é", around: "0190-77" } as const;
  expect(parseRoute(formatRoute(route))).toEqual(route);
  expect(parseRoute("#/devices")).toEqual({ page: "devices" });
  expect([parseRoute(""), parseRoute("#/nowhere"), parseRoute("#/chat/")]).toEqual(Array.from({ length: 3 }, () => ({ page: "chats" })));
});

test("browsers are named by what they say of themselves", () => {
  expect(
    describePlatform("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36").platform,
  ).toBe("Chrome 156 on Linux");
  expect(
    describePlatform(
      "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
    ),
  ).toEqual({ platform: "Safari 19 on iOS", deviceName: "Safari, iOS" });
  expect(describePlatform("something else")).toEqual({ platform: "Browser", deviceName: "Browser" });
});
