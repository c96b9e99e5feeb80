/** The icons of this app: one 24 px grid, 1.75 px round strokes, drawn for it. */
const PATHS = {
  back: "M14.5 5 8 12l6.5 7",
  close: "M6 6l12 12M18 6 6 18",
  search: "M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM16 16l4.5 4.5",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  attach: "M19.5 11.5 12 19a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-7.9 8a1.6 1.6 0 0 1-2.3-2.3l7-7",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.5 10 17.5 19.5 7",
  reply: "M9.5 6 4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6v1",
  copy: "M9 9h10v11H9zM15 9V5H5v11h4",
  archive: "M4 8v11h16V8M3 4.5h18V8H3zM10 12h4",
  pin: "M9 4h6l-.8 6 3.3 3.2H6.5L9.8 10 9 4ZM12 13.5V20",
  mute: "M6 10a6 6 0 0 1 9.5-4.9M18 11.5c0 3 1 4.5 2 5.5H8M4 17h.01M10 20.5a2.2 2.2 0 0 0 4 0M4 3.5l16 17",
  bell: "M6 10a6 6 0 0 1 12 0c0 4.5 1 6 2 7H4c1-1 2-2.5 2-7ZM10 20.500a2.2 2.2 0 0 0 4 0",
  chats: "M4 5h16v11.5h-9L6.5 20v-3.500H4z",
  people:
    "M9 4.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM2.5 19.500c.6-3.4 3.2-5 6.5-5s5.9 1.6 6.5 5M16 5a3.2 3.2 0 0 1 0 6.200M18 15c2 .7 3.2 2.2 3.5 4.5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20c.7-3.7 3.7-5.5 7.5-5.500s6.8 1.8 7.5 5.5",
  devices: "M3 5h13v9H3zM2 18h9M17 10h4.500v10H15v-6h2zM9.5 14v4",
  phone: "M7 2.500h10v19H7zM11 18.500h2",
  laptop: "M4.5 5h15v10.500h-15zM2 19h20",
  terminal: "M3 4.500h18v15H3zM7 9l3 3-3 3M12.5 15H17",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  lock: "M6 10.500h12V20H6zM8.5 10.500V8a3.5 3.5 0 0 1 7 0v2.500M12 14.500v2",
  shield: "M12 3.5 19 6v5.500c0 4.2-2.7 7.4-7 9-4.3-1.6-7-4.8-7-9V6zM9 12l2.2 2.200L15.2 10",
  key: "M8 11.500a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM11 12.5 19.5 4M16 7.500l2.5 2.500M13.5 10l2 2",
  camera: "M3.5 7.500H8L9.5 5h5L16 7.500h4.500V19h-17zM12 9.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.500L20 17M15.5 8.500v.01",
  file: "M6 3.500h8l4.5 4.500v12.500H6zM14 3.500V8h4.5",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  link: "M10 14a4 4 0 0 0 5.7.3l3-3a4 4 0 0 0-5.7-5.700l-1.2 1.200M14 10a4 4 0 0 0-5.7-.3l-3 3a4 4 0 0 0 5.7 5.700l1.2-1.2",
  scan: "M4 8.500V4h4.500M15.5 4H20v4.500M20 15.500V20h-4.500M8.5 20H4v-4.500M4 12h16",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500H14zM20 14v.01M20 20h-3M17 20v.01",
  history: "M4.5 12A7.5 7.5 0 1 0 7 6.400L4.5 8.500M4.5 4v4.500H9M12 8v4.500l3 2",
  trash: "M4.5 7h15M9.5 7V4.500h5V7M6.5 7l.8 13h9.400l.8-13M10.5 11v5.500M13.5 11v5.5",
  edit: "M4.5 19.5 5.5 15 16 4.500l3.5 3.500L9 18.500zM14 6.500l3.5 3.5",
  warning: "M12 4 2.5 20h19zM12 10v4.500M12 17v.01",
  info: "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 11v5M12 8v.01",
  offline:
    "M3 3l18 18M9.5 14.500a4 4 0 0 1 5 0M6 11a9 9 0 0 1 3.5-2M13 8.300c2 .2 3.7 1.1 5 2.700M3 8a13 13 0 0 1 3-2M10 4.600A13 13 0 0 1 21 8M12 18v.01",
  globe:
    "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM3.5 12h17M12 3.500c2.5 2.5 3.5 5.3 3.5 8.500s-1 6-3.5 8.500c-2.5-2.5-3.5-5.3-3.5-8.500s1-6 3.5-8.500Z",
  moon: "M19.5 14A8 8 0 0 1 10 4.500a8 8 0 1 0 9.5 9.500Z",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.4-5.500L19.5 9M19.5 4.500V9H15",
  chevron: "M9.5 5 16 12l-6.5 7",
  down: "M5 9.5 12 16l7-6.5",
  block: "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM6 6l12 12",
  clock: "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.500V12l3 2",
  keyboard: "M2.5 6h19v12h-19zM6 10v.01M10 10v.01M14 10v.01M18 10v.01M6 14v.01M18 14v.01M9 14h6",
} as const;

export type IconName = keyof typeof PATHS;

/** Decorative: the control around it carries the name. `flip` mirrors icons that point, in right-to-left scripts. */
export function Icon({ name, size = 22, flip = false }: { readonly name: IconName; readonly size?: number; readonly flip?: boolean }) {
  const dots = name === "more";
  return (
    <svg
      className={flip ? "flip" : undefined}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={dots ? 2.6 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
