/**
 * Headers of every page. Scripts come from our origin only (WebAssembly may be compiled), nothing may frame us, and no
 * other origin is ever contacted but the servers that relay links. Inline styles are allowed, because component libraries write them; inline scripts are not.
 */
export function securityHeaders(origin: string, linkNodes: readonly string[] = []): Readonly<Record<string, string>> {
  const { protocol, hostname } = new URL(origin);
  // On a bare address or localhost it would outlive this server and meet others on the same name.
  const keepsToTls = protocol === "https:" && hostname.includes(".") && !/^[\d.]+$|^\[/.test(hostname);
  const sockets = [origin, ...linkNodes].map((each) => each.replace(/^http/, "ws")).join(" ");
  const policy = [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    `connect-src 'self' ${sockets}`,
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "permissions-policy":
      "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(keepsToTls ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
