/** Numbers in words of English. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });

/** `1,234`. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? whole.format(value) : '∞';
}

/** A number with at most four digits; large and small ones as `1.2e+9`. A missing one is `–`. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toPrecision(3).replace(/\.?0+(?=e|$)/, '');
  return Number.isInteger(value) ? whole.format(value) : short.format(value);
}

/** `12.5 %`. */
export function formatShare(part: number, all: number): string {
  if (all <= 0) return '0 %';
  const percent = (100 * part) / all;
  // 100 % is shown only when nothing is left.
  return `${percent < 10 || (percent > 99 && percent < 100) ? Math.floor(percent * 10) / 10 : Math.floor(percent)} %`;
}

/** `12.3/s`, or a slower rate as `4.5/min` or `2/h`. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return '–';
  if (perSecond === 0) return '0/s';
  if (perSecond >= 1) return `${round(perSecond)}/s`;
  return perSecond >= 1 / 60 ? `${round(perSecond * 60)}/min` : `${round(perSecond * 3600)}/h`;
}

function round(value: number): string {
  return value >= 100 ? whole.format(value) : String(Number(value.toPrecision(2)));
}

/** `3.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}
