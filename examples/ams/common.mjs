/** The folder that the programs of this example share, and the samples in it. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.AMS_DIR ?? 'ams-work';
mkdirSync(folder, { recursive: true });

export const pathOf = (name) => join(folder, name);

/** Appends one line; short ones of several jobs do not mix. */
export const append = (name, line) => appendFileSync(pathOf(name), `${line}\n`);

export function samples() {
  if (!existsSync(pathOf('samples.csv'))) return [];
  const lines = readFileSync(pathOf('samples.csv'), 'utf8').trim().split('\n');
  return lines.map((line) => line.split(',').map(Number)).map(([x, y]) => ({ x, y }));
}

/** The energy that the physics code finds, at a price. */
export const energy = (x) => Math.sin(3 * x) + 0.3 * x * x;

/** Interpolates between the nearest samples on both sides. */
export function predict(known, x) {
  const left = known.findLast((sample) => sample.x <= x) ?? known[0];
  const right = known.find((sample) => sample.x >= x) ?? known.at(-1);
  if (right.x === left.x) return left.y;
  return left.y + ((x - left.x) / (right.x - left.x)) * (right.y - left.y);
}
