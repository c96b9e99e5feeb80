/** A person's initials on a colour of their own, steady for the same id. Decorative: the name stands beside it. */
const HUES = [176, 196, 214, 32, 18, 146, 262, 338] as const;

export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/\s+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word: string | undefined): string => /[\p{L}\p{N}]\p{M}*/u.exec(word ?? "")?.[0] ?? "";
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "")).toLocaleUpperCase();
}

export function hueOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index++) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return HUES[hash % HUES.length]!;
}

export function Avatar({ id, name, size = 48 }: { readonly id: string; readonly name: string; readonly size?: number }) {
  return (
    <span className="avatar" aria-hidden="true" style={{ "--hue": hueOf(id), "--size": `${size}px` } as React.CSSProperties}>
      {initialsOf(name) || "·"}
    </span>
  );
}
