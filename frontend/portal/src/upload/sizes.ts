const UNITS = ["KB", "MB", "GB", "TB", "PB"];

const few = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "byte", unitDisplay: "long" });

/** Bytes as Django's `filesizeformat` writes them, so that a page speaks with one voice. */
export function bytes(count: number): string {
  if (count < 1024) return few.format(Math.round(count));
  let size = count;
  let unit = -1;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds as a clock: `0:42`, `12:05`, `3:07:00`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
}
