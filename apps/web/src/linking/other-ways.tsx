/** Companion: what a phone without a camera can do. Letters to type there, or the phone's own code before this camera. */
import type { LinkStatus } from "@hawser/sdk";
import { Button, useText } from "@hawser/ui";
import { lazy, Suspense, useState } from "react";
import { TypedLetters } from "./typed-letters.tsx";

const ReverseReader = lazy(async () => ({ default: (await import("./reverse-reader.tsx")).ReverseReader }));

interface OtherWaysProperties {
  readonly link: LinkStatus | undefined;
  /** Ask for letters. They come with the link's status, and are renewed with the code. */
  readonly onLetters: () => void;
}

export function OtherWays({ link, onLetters }: OtherWaysProperties) {
  const { t } = useText();
  const [isReading, setReading] = useState(false);
  return (
    <div className="other-ways">
      <TypedLetters letters={link?.typedCode} label={t("typed.show")} offer={t("typed.offer")} onAsk={onLetters} />
      <Button look="plain" icon="camera" onClick={() => setReading(true)}>
        {t("reverse.offer")}
      </Button>
      {isReading && (
        <Suspense fallback={null}>
          <ReverseReader onClose={() => setReading(false)} />
        </Suspense>
      )}
    </div>
  );
}
