/** A job as actions of plugins see it. */

import { resolve } from 'node:path';
import type { EnsembleConfig, Parameters, Row } from '../config/types.js';
import type { Firing } from '../firing.js';
import { compilePath, jobName, type PathValues } from '../members/local/output-path.js';
import { fillText, type Lookup } from '../parameters/template.js';
import { plainRow, rowOf, textsOf } from '../parameters/written.js';
import type { PluginJob } from './define.js';

/** What can be handed over to the thread of a plugin. */
export interface JobFacts extends PathValues {
  readonly parameters: Parameters;
  /** Parameters as they are written, where that is not as `String` writes them. */
  readonly texts: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly workdir: string;
  /** Absolute, or null. */
  readonly output: string | null;
}

/** The job whose event made a rule due; null when it is none of a group of the file. */
export function jobOf(firing: Firing, config: EnsembleConfig): JobFacts | null {
  const entry = config.groups.get(firing.group ?? '')?.entries[firing.entry ?? 0];
  if (firing.job === null || entry === undefined) return null;
  // Values that it was given when it was submitted are the job's own, and no longer those of its entry.
  const row: Row = { ...entry.parameters, ...rowOf(firing.parameters ?? {}, firing.texts) };
  const { group, command, tasks } = entry;
  const { workdir, output } = entry.draft ?? entry;
  const facts = {
    id: firing.job,
    name: jobName(command),
    group,
    tasks,
    parameters: plainRow(row),
    texts: textsOf(row),
    workdir: '',
    output: null,
  };
  facts.workdir = resolve(fill(workdir ?? '', facts));
  return { ...facts, output: output === null ? null : resolve(facts.workdir, fill(output, facts)) };
}

/** The job that the facts are of. */
export function pluginJob(facts: JobFacts): PluginJob {
  const { id, group, parameters, workdir, output } = facts;
  return {
    id,
    group,
    parameters,
    workdir,
    output,
    path: (template) => resolve(workdir, fill(template, facts)),
  };
}

/** A text with the job's tags filled in: first its parameters, and then those that Flux knows. */
function fill(template: string, facts: PathValues & Pick<JobFacts, 'parameters' | 'texts'>): string {
  const row = rowOf(facts.parameters, facts.texts);
  const lookup = (name: string) => row[name] ?? `{{${name}}}`;
  return compilePath(fillText(template, lookup as Lookup))(facts);
}
