import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkEvent, EVENT_FIELDS } from "./json-events.ts";

test("docs/CLI.md lists every event with every field and its type, and no others", () => {
  const text = readFileSync(new URL("../../../docs/CLI.md", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("## Events"), text.indexOf("`link.stage`"));
  const documented = [...table.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(([, name, fields]) => [name, [...fields!.matchAll(/`(\w+)` ([a-z]+\??)/g)].map(([, field, type]) => [field, type])]); // prettier-ignore
  expect(documented).toEqual(Object.entries(EVENT_FIELDS).map(([name, fields]) => [name, Object.entries(fields)]));
});

test("a line outside the schema is told from one inside", () => {
  expect(checkEvent({ event: "recovery-code", code: "x" })).toBeUndefined();
  expect(checkEvent({ event: "recovery-code" })).toBe("recovery-code.code is not string");
  expect(checkEvent({ event: "recovery-code", code: "x", more: 1 })).toBe("recovery-code.more is not in the table");
  expect(checkEvent({ event: "toString" })).toBe("unknown event toString");
  expect(checkEvent(null)).toBe("not an object");
});
