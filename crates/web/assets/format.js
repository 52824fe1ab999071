// Numbers and times as people read them.

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** Bytes, 1024-based as in PM2, three digits that count. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 100 ? 1 : 0)} ${UNITS[unit]}`;
}

export function percent(value) {
  if (value === null || value === undefined) return "–";
  return `${value.toFixed(value === 0 || value >= 10 ? 0 : 1)} %`;
}

/** A number with few digits, or a dash for none. */
export function number(value, unit = "") {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  const shown = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit ? `${shown} ${unit}` : shown;
}

export const ms = (value) => number(value, "ms");
export const perSecond = (value) => number(value, "/s");

/** How long, in its two largest units. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    [Math.floor(seconds / 86400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const clock = (at) => CLOCK.format(at);
export const minute = (at) => CLOCK.format(at).slice(0, 5);
export const full = (at) => FULL.format(at);

/** The time, with the day where that is another one. */
export function when(at) {
  const is_today = new Date(at).toDateString() === new Date().toDateString();
  return is_today ? clock(at) : `${DAY.format(at)} ${minute(at)}`;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
