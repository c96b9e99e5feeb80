/** Reads QR codes from a video or an image, with its own WebAssembly served by ourselves. Loaded when first needed. */
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";

export interface CodeReader {
  /** The first code in the picture, if any. */
  read(source: ImageBitmapSource): Promise<string | undefined>;
}

let loading: Promise<CodeReader> | undefined;

export function loadCodeReader(): Promise<CodeReader> {
  loading ??= (async () => {
    const { BarcodeDetector, prepareZXingModule } = await import("barcode-detector/ponyfill");
    // At once, so that what cannot be loaded is told apart from a picture without a code.
    await prepareZXingModule({
      overrides: { locateFile: (path: string, prefix: string) => (path.endsWith(".wasm") ? wasmUrl : prefix + path) },
      fireImmediately: true,
    });
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return { read: async (source) => (await detector.detect(source))[0]?.rawValue };
  })();
  // What failed to load is asked for again the next time.
  loading.catch(() => (loading = undefined));
  return loading;
}

/** A side that leaves a code large enough to read and finds those that are too fine in the original. */
const SECOND_LOOK_PX = 900;

/** The code in a still picture, looked for at its own size and once more at another. */
export async function readPicture(reader: CodeReader, picture: Blob): Promise<string | undefined> {
  const whole = await createImageBitmap(picture);
  const found = await reader.read(whole);
  if (found !== undefined) return found;
  const scale = SECOND_LOOK_PX / Math.max(whole.width, whole.height);
  return reader.read(
    await createImageBitmap(whole, {
      resizeWidth: Math.max(1, Math.round(whole.width * scale)),
      resizeHeight: Math.max(1, Math.round(whole.height * scale)),
      resizeQuality: "high",
    }),
  );
}
