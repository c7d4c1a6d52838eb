/** A physics run: a sample at the point that it is given. */

import { append, energy } from './common.mjs';

const x = Number(process.argv[2]);
append('samples.csv', `${x},${energy(x)}`);
