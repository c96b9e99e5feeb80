/** Files that the client reads, wherever their bytes are. */

/** A random-access file, so that imports and attachments are never read whole into memory. */
export interface FileSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Of a picture or a film, for attachments: what others see before the bytes are there. */
  readonly preview?: FilePreview;
  read(offset: number, sizeBytes: number): Promise<Uint8Array>;
}

export interface FilePreview {
  /** Pixels, as shown (after rotation). */
  readonly width: number;
  readonly height: number;
  /** A small JPEG or WebP. Above `MAX_THUMBNAIL_BYTES`, or when a message has too many, it is left out. */
  readonly thumbnail?: Uint8Array;
}
