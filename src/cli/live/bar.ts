/** The bar of a group: its jobs by how far they are. */

import type { Colors } from '../tables.js';

/** Numbers of jobs. */
export interface BarParts {
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  readonly pending: number;
  readonly queued: number;
}

/** Distributes `width` columns, so that each part that is not empty has at least one. */
function columnsOf(parts: readonly number[], width: number): number[] {
  const total = parts.reduce((sum, part) => sum + part, 0);
  if (total === 0) return parts.map(() => 0);
  const columns = parts.map((part) => (part === 0 ? 0 : Math.max(1, Math.floor((part * width) / total))));
  // The largest part gets the rest.
  const largest = parts.indexOf(Math.max(...parts));
  const rest = width - columns.reduce((sum, column) => sum + column, 0);
  columns[largest] = Math.max(0, (columns[largest] ?? 0) + rest);
  return columns;
}

/** Returns a bar of `width` columns. Each part has a character of its own, for terminals without colors. */
export function barOf(
  { succeeded, failed, running, pending, queued }: BarParts,
  width: number,
  colors: Colors,
): string {
  const [done = 0, bad = 0, active = 0, waiting = 0] = columnsOf(
    [succeeded, failed, running, pending + queued],
    width,
  );
  const empty = width - done - bad - active - waiting;
  return [
    colors.green('█'.repeat(done)),
    colors.red('x'.repeat(bad)),
    colors.cyan('▒'.repeat(active)),
    colors.dim('░'.repeat(waiting + empty)),
  ].join('');
}
