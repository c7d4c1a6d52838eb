/** Times of day for people. */

/** `2026-11-26 22:15`, in the local time zone. `seconds` are since the epoch. */
export function localMinute(seconds: number): string {
  const { year, month, day, hours, minutes } = localTime(seconds);
  return `${year}-${month}-${day} ${hours}:${minutes}`;
}

/** The parts of a time in the local time zone, with leading zeros. `seconds` are since the epoch. */
export function localTime(
  seconds: number,
): Readonly<Record<'year' | 'month' | 'day' | 'hours' | 'minutes' | 'seconds', string>> {
  const date = new Date(seconds * 1000);
  const two = (number: number) => String(number).padStart(2, '0');
  return {
    year: String(date.getFullYear()),
    month: two(date.getMonth() + 1),
    day: two(date.getDate()),
    hours: two(date.getHours()),
    minutes: two(date.getMinutes()),
    seconds: two(date.getSeconds()),
  };
}

/** `11-26 22:15:07`, in the local time zone. */
export function timeOf(seconds: number): string {
  const { month, day, hours, minutes, seconds: second } = localTime(seconds);
  return `${month}-${day} ${hours}:${minutes}:${second}`;
}
