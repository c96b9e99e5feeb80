/** A browser's `Blob` or `File` as a `FileSource`. Its bytes are read piece by piece, on whichever side of the port asks. */
import type { FilePreview, FileSource } from "@hawser/client";

const BLOBS = new WeakMap<FileSource, Blob>();

export function fileSourceOf(blob: Blob, name = (blob as { name?: string }).name ?? "", preview?: FilePreview): FileSource {
  const source: FileSource = {
    name,
    sizeBytes: blob.size,
    mediaType: blob.type,
    ...(preview === undefined ? {} : { preview }),
    async read(offset, sizeBytes) {
      return new Uint8Array(await blob.slice(offset, offset + sizeBytes).arrayBuffer());
    },
  };
  BLOBS.set(source, blob);
  return source;
}

/** The blob behind a source made by `fileSourceOf`: it crosses a port by itself, without any copying. */
export const blobOf = (source: FileSource): Blob | undefined => BLOBS.get(source);

/** A file that is in memory already. */
export function fileSourceOfBytes(name: string, mediaType: string, bytes: Uint8Array, preview?: FilePreview): FileSource {
  return {
    name,
    sizeBytes: bytes.length,
    mediaType,
    ...(preview === undefined ? {} : { preview }),
    read: (offset, sizeBytes) => Promise.resolve(bytes.slice(offset, offset + sizeBytes)),
  };
}

export function isFileSource(value: unknown): value is FileSource {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as FileSource).read === "function" &&
    typeof (value as FileSource).sizeBytes === "number"
  );
}
