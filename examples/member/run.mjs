/** Runs an ensemble on the toy member: `node run.mjs FILE`. */

import { Ensemble } from 'flux-ensemble';
import { ToyMember } from './toy-member.mjs';

const ensemble = await Ensemble.fromFile(process.argv[2], { member: new ToyMember({ slots: 4 }) });
const { end, metrics } = await ensemble.run();
for (const [group, { count }] of metrics.groups) {
  console.log(`${group}: ${count.success} of ${count.finished} jobs succeeded`);
}
console.log(`end: ${end}`);
await ensemble.close();
