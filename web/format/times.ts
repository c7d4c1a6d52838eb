/** Times and durations. */

/** `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. A missing one is `–`. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  if (seconds < 0) return `-${formatSeconds(-seconds)}`;
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 59.95) return `${Number(seconds.toPrecision(3))} s`;
  const all = Math.round(seconds);
  if (all < 3600) return pair(all, 60, 'min', 1, 's');
  if (all < 86_400) return pair(all, 3600, 'h', 60, 'min');
  return pair(all, 86_400, 'd', 3600, 'h');
}

function pair(all: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((all % large) / small);
  return `${Math.floor(all / large)} ${largeUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

/** A clock for a time that goes on: `0:07`, `12:30`, `3:02:11`, `2 d 3:02:11`. */
export function formatClock(seconds: number | null): string {
  if (seconds === null) return '–';
  const all = Math.floor(seconds);
  const days = Math.floor(all / 86_400);
  const hours = Math.floor((all % 86_400) / 3600);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor((all % 3600) / 60);
  const rest = two(all % 60);
  if (all < 3600) return `${minutes}:${rest}`;
  return `${days > 0 ? `${days} d ` : ''}${hours}:${two(minutes)}:${rest}`;
}

/** The local time of a moment in seconds since the epoch: `14:03:22`, with its date when that is not today. */
export function formatTime(seconds: number | null | undefined, now = Date.now()): string {
  if (seconds === null || seconds === undefined) return '–';
  const time = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  if (time.toDateString() === new Date(now).toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}
