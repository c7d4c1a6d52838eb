/**
 * `npm run chaos`: kills runs at random instants, resumes them, and compares them with undisturbed runs.
 *
 *     npm run chaos -- --local 1000 --flux 200 --slurm 50 --seed 7
 *     npm run chaos -- --local 10 --variant torn       # one kind of disturbance only
 *     npm run chaos -- --case local-7-42               # one case again
 */

import { parseArgs } from 'node:util';
import { type Executor, local, type Result, runCase, VARIANTS, type Variant } from './cases.js';
import { hasFlux, withFlux } from './flux.js';
import { withSlurm } from './slurm.js';

const { values } = parseArgs({
  options: {
    local: { type: 'string', default: '100' },
    flux: { type: 'string', default: '0' },
    slurm: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    variant: { type: 'string' },
    case: { type: 'string' },
  },
});

function variantOf(name: string | undefined): Variant | undefined {
  const variant = VARIANTS.find((known) => known === name);
  if (name !== undefined && variant === undefined) {
    throw new Error(`unknown variant '${name}'; there are ${VARIANTS.join(', ')}`);
  }
  return variant;
}

const variant = variantOf(values.variant);

/** Faults of a run that are printed. */
const MOST_FAULTS = 10;

function report(result: Result): void {
  const { seed, study, faults, folder, ...numbers } = result;
  console.log(
    `${seed}: ${faults.length === 0 ? 'equal' : 'DIFFERENT'} (${study}) ${JSON.stringify(numbers)}`,
  );
  if (faults.length === 0) return;
  for (const fault of faults.slice(0, MOST_FAULTS)) console.log(`  ${fault}`);
  if (faults.length > MOST_FAULTS) console.log(`  and ${faults.length - MOST_FAULTS} more`);
  console.log(`  in ${folder}; again: npm run chaos -- --case ${seed}`);
}

/** Runs a case. A failure of the harness itself counts as a difference. */
async function one(seed: string, executor: Executor): Promise<Result> {
  const result = await runCase(seed, executor, variant === undefined ? {} : { variant });
  report(result);
  return result;
}

/** Runs cases until there were enough kills. */
async function many(kills: number, executor: Executor): Promise<boolean> {
  const results: Result[] = [];
  const sum = (key: 'kills' | 'resumesKilled' | 'jobs' | 'lost' | 'twice' | 'again') =>
    results.reduce((total, result) => total + result[key], 0);
  while (sum('kills') < kills) {
    results.push(await one(`${executor.name}-${values.seed}-${results.length}`, executor));
  }
  const differences = results.filter(({ faults }) => faults.length > 0);
  console.log(
    `${executor.name}: ${sum('kills')} kills (${sum('resumesKilled')} of resumed runs), ${results.length} runs, ` +
      `${sum('jobs')} jobs, ${sum('again')} run again after a loss, ${sum('lost')} lost, ` +
      `${sum('twice')} twice, ${differences.length} runs different`,
  );
  return differences.length === 0;
}

async function all(): Promise<boolean> {
  const wanted = values.case;
  if (wanted !== undefined) {
    const alone = async (executor: Executor) => (await one(wanted, executor)).faults.length === 0;
    if (wanted.startsWith('slurm')) return withSlurm(alone);
    return wanted.startsWith('flux') ? withFlux(alone) : alone(local);
  }
  console.log(`seed ${values.seed}`);
  let isEqual = Number(values.local) === 0 || (await many(Number(values.local), local));
  if (Number(values.slurm) > 0) {
    isEqual = (await withSlurm((executor) => many(Number(values.slurm), executor))) && isEqual;
  }
  if (Number(values.flux) === 0) return isEqual;
  if (!(await hasFlux())) throw new Error('flux is not on PATH');
  return (await withFlux((executor) => many(Number(values.flux), executor))) && isEqual;
}

process.exitCode = (await all()) ? 0 : 1;
