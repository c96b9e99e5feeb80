/** A picture's size and a small copy of it, made before it is sent: what everyone sees until the bytes are there. */
import type { FilePreview, FileSource } from "@hawser/sdk";
import { fileSourceOf } from "@hawser/sdk";

/** What fits into a message (MAX_THUMBNAIL_BYTES of the protocol). */
const MAX_THUMBNAIL_BYTES = 16_384;
const PICTURES = /^image\/(?:png|jpeg|webp|gif|avif)$/;
/** Larger files are sent without: decoding them takes more memory than a phone has. */
const LARGEST_FILE_BYTES = 40 * 1_048_576;
/** Tried in this order until one fits: longest side in pixels, quality. */
const TRIES = [
  [320, 0.7],
  [320, 0.45],
  [200, 0.5],
  [96, 0.4],
] as const;

/** The files as they are sent, one decoded at a time; a picture that cannot be decoded here goes like any other file. */
export async function attachmentsOf(files: readonly File[]): Promise<FileSource[]> {
  const sources: FileSource[] = [];
  for (const file of files) sources.push(fileSourceOf(file, file.name, await previewOfPicture(file)));
  return sources;
}

async function previewOfPicture(file: File): Promise<FilePreview | undefined> {
  if (!PICTURES.test(file.type) || file.size > LARGEST_FILE_BYTES) return undefined;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  try {
    const { width, height } = bitmap;
    const thumbnail = await smallCopy(bitmap);
    return { width, height, ...(thumbnail === undefined ? {} : { thumbnail }) };
  } finally {
    bitmap.close();
  }
}

async function smallCopy(bitmap: ImageBitmap): Promise<Uint8Array | undefined> {
  for (const [side, quality] of TRIES) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (context === null) return undefined;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await encoded(canvas, quality);
    if (blob !== undefined && blob.size <= MAX_THUMBNAIL_BYTES) return new Uint8Array(await blob.arrayBuffer());
  }
  return undefined;
}

/** WebP where the browser writes it, JPEG elsewhere. */
async function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Blob | undefined> {
  for (const type of ["image/webp", "image/jpeg"]) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob !== null && blob.type === type) return blob;
  }
  return undefined;
}
