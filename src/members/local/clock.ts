/**
 * The time of day in seconds since the epoch with digits below the millisecond, which Date alone doesn't
 * give. Follows Date when the system's clock is set: the spawner's reports are on that clock too.
 */
let offset = performance.timeOrigin;

export function now(): number {
  const wall = Date.now();
  const monotonic = performance.now();
  const estimate = offset + monotonic;
  // Date.now() is cut off: the true time lies within the millisecond that begins there.
  if (estimate < wall) offset = wall - monotonic;
  else if (estimate > wall + 1) offset = wall + 1 - monotonic;
  return (offset + monotonic) / 1000;
}
