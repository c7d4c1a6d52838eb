/** What the ensemble's rules ask: is the surrogate good enough, and if not, where is physics to look next? */

import { existsSync, readFileSync } from 'node:fs';
import { pathOf } from './common.mjs';

const BOUND = 0.1;
/** Samples that are one too many for what they tell. */
const MAX_SAMPLES = 200;
/** Physics runs between two trainings, as the rules have it. */
const ROUND = 8;
/** Points that are nearer to each other than this are one. */
const NEAREST = 0.005;

export function learn() {
  const { known, error, worst } = JSON.parse(readFileSync(pathOf('model.json'), 'utf8'));
  console.log(`${known.length} samples: error ${error.toFixed(3)}, worst near ${worst.toFixed(2)}`);
  if (error <= BOUND) return { name: 'submit', label: 'surrogate', goto: 'production' };
  if (known.length >= MAX_SAMPLES) return { name: 'terminate' };
  return newPoints(known, worst).map((point) => ({
    name: 'submit',
    label: 'physics',
    parameters: { point },
  }));
}

/** Submits physics for the point of a surrogate that was not sure. */
export function verify({ event }) {
  const { point } = event.parameters;
  const notSure = existsSync(pathOf('not-sure.csv')) ? readFileSync(pathOf('not-sure.csv'), 'utf8') : '';
  if (!notSure.split('\n').includes(String(point))) return null;
  return { name: 'submit', label: 'physics', parameters: { point } };
}

/** Where physics is to look next: half of the points around the worst one, half in the widest gaps, and none twice. */
function newPoints(known, worst) {
  const taken = known.map(({ x }) => x);
  const take = (point) => {
    // A physics run is expensive: so near to another one it would tell nothing.
    if (point < 0 || point > 4 || taken.some((x) => Math.abs(x - point) < NEAREST)) return;
    taken.push(point);
  };
  for (const off of [-0.15, -0.05, 0.05, 0.15]) take(worst + off);
  while (taken.length < known.length + ROUND) take(middleOfWidestGap(taken));
  return taken.slice(known.length);
}

function middleOfWidestGap(points) {
  const sorted = [...points].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((x, i) => ({ width: x - sorted[i], middle: (x + sorted[i]) / 2 }));
  return gaps.reduce((widest, gap) => (gap.width > widest.width ? gap : widest)).middle;
}
