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
    prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith(".wasm") ? wasmUrl : prefix + path) } });
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return { read: async (source) => (await detector.detect(source))[0]?.rawValue };
  })();
  return loading;
}
