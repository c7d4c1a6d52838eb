/** The facts that plugins get of the job whose event made a rule due. */

import { hasAsciiIds } from '../language/job-tags.js';
import { filesOf } from '../members/jobspec.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import type { FiringEvent, JobOrigin } from '../model/firing.js';
import type { JobFacts } from '../model/job-facts.js';
import { plainRow, rowOf } from '../model/written.js';
import { asSubmitted } from './submit/fill-in.js';

/** The origin of a job whose jobspec has none. */
const NO_ORIGIN: JobOrigin = { rule: 0, firing: 0, part: 0, index: 0, values: null, texts: {} };

/** The job of an event; null without an event, and for a job whose group is not in the file. */
export function jobOf(event: FiringEvent | null, config: EnsembleConfig): JobFacts | null {
  if (event === null) return null;
  const { job: id, group, origin } = event;
  const entry = config.groups.get(group ?? '')?.entries[event.entry ?? 0];
  if (group === null || entry === undefined) return null;
  const { index, values, texts } = origin ?? NO_ORIGIN;
  const template = templateOf(event, entry);
  const known = {
    group: group.replaceAll('/', '_'),
    ...rowOf(values ?? {}, texts),
    ...(origin === null ? {} : { index }),
    ...template.parameters,
  };
  return {
    id,
    group,
    parameters: plainRow(template.parameters),
    values: Object.fromEntries(Object.entries(known).map(([name, value]) => [name, String(value)])),
    ...filesOf(template),
    nodes: template.nodes,
    tasks: template.tasks,
    ascii: hasAsciiIds(process.env, template.environment),
    node: null,
  };
}

/** The job as it was submitted, as far as its jobspec says. */
export function templateOf(
  { parameters, origin }: Pick<FiringEvent, 'parameters' | 'origin'>,
  entry: JobEntry,
): JobEntry {
  const known = origin ?? NO_ORIGIN;
  try {
    return asSubmitted(entry, parameters, known);
  } catch {
    // A job that was submitted by hand lacks some values. Tags of unknown values stay.
    return { ...entry, parameters: { ...entry.parameters, ...rowOf(parameters ?? {}, known.texts) } };
  }
}
