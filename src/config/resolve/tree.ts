/** `member` of a file. */

import type { FluxTreeOptions, SlurmPilotOptions } from '../../model/ensemble.js';
import { durationSeconds, formatDuration } from '../../text/duration.js';
import type { Path } from '../../text/path.js';
import type { ResolveContext } from './context.js';
import { resolveSlurm } from './slurm.js';

/** Options of a broker that the member sets itself, or that keep a sub-instance from being followed. */
const REFUSED = /^(?:-Sbroker\.rc2_none|--?(?:help|version)$|[^-])/;

export function resolveTree({ problems, shape }: ResolveContext): FluxTreeOptions | null {
  const written = shape.config.member?.flux;
  if (written === undefined || written === null) return null;
  const { instances = null, nodes = null, cores = null, recycle = null, broker } = written;
  checkBroker(problems, ['member', 'flux', 'broker'], broker ?? []);
  return {
    instances,
    nodes,
    cores,
    recycle: recycle === null ? null : Number.parseInt(String(recycle), 10),
    broker: broker ?? [],
  };
}

function checkBroker(problems: ResolveContext['problems'], path: Path, broker: readonly string[]): void {
  for (const [index, argument] of broker.entries()) {
    if (!REFUSED.test(argument)) continue;
    problems.error(
      [...path, index],
      `'${argument}' can't be given: write options of flux broker, like --conf=FILE or -Sname=value`,
    );
  }
}

/** The shortest time of a pilot, in seconds: Slurm counts minutes, and an instance needs seconds to start. */
const SHORTEST_TIME = 60;
const DEFAULT_IDLE = 120;

/** Options of `sbatch` that stand in keys of `member.slurm`. */
const KEYS = {
  time: 'time',
  t: 'time',
  nodes: 'nodes',
  N: 'nodes',
  'cpus-per-task': 'cores',
  c: 'cores',
  ntasks: 'nodes',
  n: 'nodes',
};

export function resolvePilots(context: ResolveContext): SlurmPilotOptions | null {
  const { problems, shape } = context;
  const written = shape.config.member?.slurm;
  if (written === undefined || written === null) return null;
  const path = ['member', 'slurm'];
  const { pilots, nodes, cores, time, idle, broker, ...options } = written;
  // The time of a file with other mistakes may be missing.
  const seconds = time === undefined ? SHORTEST_TIME : durationSeconds(time);
  if (seconds < SHORTEST_TIME)
    problems.error([...path, 'time'], `must be ${formatDuration(SHORTEST_TIME)} or longer`);
  checkBroker(problems, [...path, 'broker'], broker ?? []);
  const slurm = resolveSlurm(context, options, path, { keys: KEYS, place: 'beside it' });
  return {
    pilots,
    nodes: nodes ?? 1,
    cores: cores ?? null,
    time: seconds,
    idle: idle === undefined || idle === null ? DEFAULT_IDLE : durationSeconds(idle),
    slurm: slurm ?? { partition: null, account: null, qos: null, constraint: null, options: [] },
    broker: broker ?? [],
  };
}
