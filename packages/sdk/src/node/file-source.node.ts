/** A file on disk as a `FileSource`. Runs in Node. Each read opens the file anew, so that nothing has to be closed. */
import { open, stat } from "node:fs/promises";
import { basename, extname } from "node:path";
import { OperationalError } from "@hawser/base";
import type { FileSource } from "@hawser/client";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".txt": "text/plain", ".zip": "application/zip", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif",
  ".webp": "image/webp", ".mp4": "video/mp4", ".opus": "audio/ogg", ".ogg": "audio/ogg", ".m4a": "audio/mp4", ".pdf": "application/pdf",
}; // prettier-ignore

/** @throws OperationalError IMPORT_UNREADABLE when there is no such file. */
export async function fileSourceOfPath(path: string): Promise<FileSource> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile()) throw new OperationalError("IMPORT_UNREADABLE", { message: "no such file" });
  return {
    name: basename(path),
    sizeBytes: found.size,
    mediaType: MEDIA_TYPES[extname(path).toLowerCase()] ?? "application/octet-stream",
    async read(offset, sizeBytes) {
      const file = await open(path, "r");
      try {
        const buffer = new Uint8Array(Math.max(0, Math.min(sizeBytes, found.size - offset)));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}
