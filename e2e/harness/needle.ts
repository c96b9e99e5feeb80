/** Looks for a text in bytes in every shape in which a careless program might have left it there. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Base64 depends on where in a group of three the text begins; only the characters that depend on the text alone are kept. */
function base64Shapes(text: Buffer, encoding: "base64" | "base64url"): Buffer[] {
  return [0, 1, 2].map((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), text]);
    const whole = padded.toString(encoding).replaceAll("=", "");
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    return Buffer.from(whole.slice(first, last));
  });
}

export function shapesOf(text: string): ReadonlyMap<string, readonly Buffer[]> {
  const utf8 = Buffer.from(text, "utf8");
  const utf16 = Buffer.from(text, "utf16le");
  return new Map([
    ["UTF-8", [utf8]],
    ["UTF-16LE", [utf16]],
    ["UTF-16BE", [Buffer.from(utf16).swap16()]],
    ["base64", base64Shapes(utf8, "base64")],
    ["base64url", base64Shapes(utf8, "base64url")],
    ["hex", [Buffer.from(utf8.toString("hex"))]],
    ["HEX", [Buffer.from(utf8.toString("hex").toUpperCase())]],
    ["backwards", [Buffer.from(utf8).reverse()]],
  ]);
}

/** The names of the shapes in which `text` stands in `bytes`. */
export function findShapes(bytes: Buffer, text: string): string[] {
  return [...shapesOf(text)].filter(([, shapes]) => shapes.some((shape) => bytes.includes(shape))).map(([name]) => name);
}

/** `file: shape` for every file below `folder`, databases, journals and logs alike. */
export function findInFiles(folder: string, text: string): string[] {
  return filesBelow(folder).flatMap((path) => findShapes(readFileSync(path), text).map((shape) => `${relative(folder, path)}: ${shape}`));
}

/** Plain files, also those that come and go while this looks. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
