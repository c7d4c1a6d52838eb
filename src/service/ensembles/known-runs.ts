/** The registered runs as `EnsembleOperator` knows clusters: by name, with a size that can be changed. */

import { Fault } from '../fault.js';
import type { KnownRun, KnownRuns } from '../operator/backend.js';
import { Refusal, type RefusalCode } from '../operator/refusal.js';
import { type StatusCode, status } from '../status-code.js';
import type { Entry } from './entry.js';
import type { StatisticsState } from './proto.js';
import type { Registry } from './registry.js';

const refusalCodes: Partial<Record<StatusCode, RefusalCode>> = {
  [status.ABORTED]: 'unsupported',
  [status.RESOURCE_EXHAUSTED]: 'busy',
  [status.DEADLINE_EXCEEDED]: 'unclear',
  [status.UNAVAILABLE]: 'unavailable',
};

/** Statistics by the names that rules use: `mean.lammps-duration`. */
function metricsOf(entry: Entry): Record<string, number> {
  const metrics: Record<string, number> = {};
  const add = (group: string, variable: string, statistics: StatisticsState | null) => {
    for (const [name, value] of Object.entries(statistics?.values ?? {})) {
      metrics[`${name}.${group}-${variable}`] = value;
    }
  };
  for (const { name, duration, pending, probes } of entry.groups) {
    add(name, 'duration', duration);
    add(name, 'pending', pending);
    for (const [probe, statistics] of Object.entries(probes)) add(name, probe, statistics);
  }
  return metrics;
}

async function resize(entry: Entry, delta: number, askedBy: string) {
  if (entry.session === null) {
    throw new Refusal('unavailable', `the run ${entry.hello.id} is not connected to the service`);
  }
  try {
    const { before, after } = await entry.session.act({
      name: delta > 0 ? 'grow' : 'shrink',
      label: '',
      value: Math.abs(delta),
      askedBy,
    });
    return { before: before ?? 0, after: after ?? 0 };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Refusal(refusalCodes[error.code] ?? 'unavailable', error.message, { cause: error });
  }
}

function knownRun(entry: Entry): KnownRun {
  return {
    member: entry.hello.member,
    size: entry.size,
    // The local member keeps one slot; of others only they themselves know.
    limits: entry.hello.member === 'local' ? { min: 1, max: null } : null,
    jobs: Object.fromEntries(entry.groups.map(({ name, counts }) => [name, counts])),
    metrics: metricsOf(entry),
    about: { id: entry.hello.id, status: entry.status.toLowerCase() },
    resize: (delta) => resize(entry, delta, 'EnsembleOperator'),
  };
}

export function knownRuns(registry: Registry): KnownRuns {
  return {
    names: () => new Set([...registry.entries].map(({ hello }) => hello.name)),
    find: (name) => {
      const named = [...registry.entries].filter(({ hello }) => hello.name === name || hello.id === name);
      const entry = named.findLast((candidate) => candidate.live) ?? named.at(-1);
      return entry === undefined ? null : knownRun(entry);
    },
  };
}
