/** Times for people: local, short, sortable. */
const two = (value: number): string => String(value).padStart(2, "0");

/** `2026-11-22 20:41`. */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `20:41` today, otherwise with the date. */
export function formatShortTime(timeMs: number, nowMs: number): string {
  const whole = formatTime(timeMs);
  return whole.slice(0, 10) === formatTime(nowMs).slice(0, 10) ? whole.slice(11) : whole;
}
