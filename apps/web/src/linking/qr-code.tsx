import { memo } from "react";
import { qrPath } from "./qr-path.ts";

export const QrCode = memo(function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = qrPath(text);
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} fill="#0b2a33" />
    </svg>
  );
});
