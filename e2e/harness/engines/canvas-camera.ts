/**
 * A camera for every engine: the page's `getUserMedia` gives the stream of a canvas on which pictures of another browser's real screen
 * are drawn. From the stream on everything is the app and the engine: video, frames, reader.
 */
import type { AppPage } from "./app-page.ts";
import { holdInFront } from "../live-camera.ts";

interface CameraWindow {
  showToCamera(picture: string): Promise<void>;
}

export class CanvasCamera {
  readonly #page: AppPage;

  private constructor(page: AppPage) {
    this.#page = page;
  }

  /** Lasts until the page is loaded anew. */
  static async on(page: AppPage): Promise<CanvasCamera> {
    await page.evaluate(() => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [1280, 720];
      const context = canvas.getContext("2d")!;
      context.fillRect(0, 0, canvas.width, canvas.height);
      let last: ImageBitmap | undefined;
      const draw = (): void => {
        if (last === undefined) return context.fillRect(0, 0, canvas.width, canvas.height);
        const scale = Math.min(canvas.width / last.width, canvas.height / last.height);
        const [width, height] = [last.width * scale, last.height * scale];
        context.drawImage(last, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
      };
      // A camera goes on giving frames of what does not move.
      setInterval(draw, 66);
      Object.defineProperty(navigator.mediaDevices, "getUserMedia", { value: () => Promise.resolve(canvas.captureStream(15)) });
      (globalThis as unknown as CameraWindow).showToCamera = async (picture) => {
        const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
        last = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      };
    });
    return new CanvasCamera(page);
  }

  /** Holds the camera in front of the screen, again and again, until `body` is done. */
  pointAt<T>(screen: AppPage, body: () => Promise<T>): Promise<T> {
    const show = (png: Buffer): Promise<void> =>
      this.#page.evaluate((picture) => (globalThis as unknown as CameraWindow).showToCamera(picture), png.toString("base64"));
    return holdInFront(screen, show, body);
  }
}
