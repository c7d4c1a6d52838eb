/** What the ensemble's rules ask: is the surrogate good enough, and if not, where is physics to look next? */

import { readFileSync } from 'node:fs';
import { pathOf } from './common.mjs';

const BOUND = 0.1;
/** Samples that are one too many for what they tell. */
const MOST_SAMPLES = 200;

export function learn() {
  const { known, error, worst } = JSON.parse(readFileSync(pathOf('model.json'), 'utf8'));
  console.log(`${known.length} samples: error ${error.toFixed(3)}, worst near ${worst.toFixed(2)}`);
  if (error <= BOUND) return { name: 'submit', label: 'surrogate', goto: 'production' };
  if (known.length >= MOST_SAMPLES) return { name: 'terminate' };
  // Half of the runs around the worst point, half in the widest gaps.
  const gaps = known.slice(1).map(({ x }, i) => ({ width: x - known[i].x, middle: (x + known[i].x) / 2 }));
  const widest = gaps.sort((a, b) => b.width - a.width).slice(0, 4);
  const points = [
    ...[-0.15, -0.05, 0.05, 0.15].map((off) => worst + off),
    ...widest.map(({ middle }) => middle),
  ];
  return points.map((point) => ({ name: 'submit', label: 'physics', parameters: { point } }));
}
