/** What plugins are told of the job whose event made a rule due. */

import { hasAsciiIds } from '../language/job-tags.js';
import { filesOf } from '../members/jobspec.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import type { Firing, JobOrigin } from '../model/firing.js';
import type { JobFacts } from '../model/job-facts.js';
import { plainRow, rowOf } from '../model/written.js';
import { asSubmitted } from './submit.js';

/** Of a job whose jobspec says nothing of where it comes from. */
const NO_ORIGIN: JobOrigin = { rule: 0, firing: 0, index: 0, values: null, texts: {} };

/** The job of a firing; null when it is none of a group of the file. */
export function jobOf(firing: Firing, config: EnsembleConfig): JobFacts | null {
  const { job: id, group, origin } = firing;
  const entry = config.groups.get(group ?? '')?.entries[firing.entry ?? 0];
  if (id === null || group === null || entry === undefined) return null;
  const { index, values, texts } = origin ?? NO_ORIGIN;
  const template = templateOf(firing, entry);
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
function templateOf({ parameters, origin }: Firing, entry: JobEntry): JobEntry {
  const known = origin ?? NO_ORIGIN;
  try {
    return asSubmitted(entry, parameters, known);
  } catch {
    // Whoever submitted it by hand did not say; tags that are not known stay.
    return { ...entry, parameters: { ...entry.parameters, ...rowOf(parameters ?? {}, known.texts) } };
  }
}
